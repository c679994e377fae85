"""Takes over visitors' image sets (``own/*.npz``) and match results of an earlier version."""

from dataclasses import asdict
from pathlib import Path

from ae_core.data.user_set_file import read
from ae_core.data.user_set_store import set_row
from ae_core.data.user_sets import SET_ID
from ae_core.latent.earlier_matches import matches_in
from ae_core.latent.match_results import Match
from ae_core.storage.database import Database, insert_new
from ae_core.storage.files import DamagedFile, check_text, reading
from ae_core.storage.tables import MATCHES, USER_SETS
from ae_core.takeover.old_names import earlier_files

SETS, RESULTS = "own", "matches.jsonl"


def take_over_sets(source: Path, database: Database) -> int:
    """Take over image sets; return how many were not known. The log names damaged ones.

    Raises:
        StorageError: the database refuses.
    """
    taken = 0
    for path in earlier_files(source / SETS, "*.npz"):
        try:
            with reading(path):
                user_set, images = read(path)
                if not SET_ID.fullmatch(user_set.id):
                    raise ValueError("this is no set's id")
                check_text("owner", user_set.owner)
                check_text("name", user_set.name)
        except (DamagedFile, FileNotFoundError):  # or another server was faster
            continue
        with database.changing() as connection:
            taken += insert_new(connection, USER_SETS, [set_row(user_set, images)])
    return taken


def take_over_matches(source: Path, database: Database) -> int:
    """Take over the best match results; return how many were not known. The log names damaged ones.

    Raises:
        StorageError: the database refuses.
    """
    path = source / RESULTS
    best: dict[tuple[str, str, str], Match] = {}
    try:
        found = path.stat().st_mtime
        with reading(path):
            matches = list(matches_in(path))
            for name in ("owner", "model", "title", "target"):
                check_text(name, "".join(getattr(match, name) for match in matches))
    except (DamagedFile, FileNotFoundError):
        return 0
    for match in matches:
        key = (match.owner, match.model, match.target)
        if key not in best or match.moves < best[key].moves:
            best[key] = match
    rows = [asdict(match) | {"found": found} for match in best.values()]
    with database.changing() as connection:
        return insert_new(connection, MATCHES, rows)
