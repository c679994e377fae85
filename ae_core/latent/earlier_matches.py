"""Reads ``matches.jsonl``, in which earlier versions kept results of "match the target"."""

import json
from collections.abc import Iterator
from pathlib import Path

from ae_core.latent.match_results import Match
from ae_core.storage.files import DamagedFile, checked, reading


def matches_in(path: Path) -> Iterator[Match]:
    """Return the results in a file, the oldest first; damaged lines are left out and logged.

    Raises:
        DamagedFile: the file cannot be read.
        FileNotFoundError: there is no such file.
    """
    with reading(path):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            with reading(path.with_name(f"{path.name}:{number}")):
                found = checked(Match, json.loads(line))
        except DamagedFile:
            continue
        yield found
