"""Kinds of damage to a run: to its files, and to the texts of its row in the database.

A damage is made to a run folder of an earlier version; `stored` brings its texts as they are into
the database.
"""

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ae_core.storage.database import database_in, upsert
from ae_core.storage.tables import RUNS

Damage = Callable[[Path], None]
DEEP = "[" * 100_000 + "]" * 100_000
GARBAGE = bytes(range(256)) * 8


def _cut(name: str, share: float = 0.5) -> Damage:
    def damage(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return damage


def content(name: str, data: bytes | str) -> Damage:
    """Replace a file."""
    new = data if isinstance(data, bytes) else data.encode()

    def damage(folder: Path) -> None:
        (folder / name).write_bytes(new)

    return damage


def _folder(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()

    return damage


def fields(name: str, **changes: Any) -> Damage:
    """Change fields of a JSON file."""

    def damage(folder: Path) -> None:
        about = json.loads((folder / name).read_text()) | changes
        (folder / name).write_text(json.dumps(about))

    return damage


def _epochs(change: Callable[[list[dict[str, Any]]], Any]) -> Damage:
    def damage(folder: Path) -> None:
        end = json.loads((folder / "history.json").read_text())
        end["epochs"] = change(end["epochs"])
        (folder / "history.json").write_text(json.dumps(end))

    return damage


def arrays(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Damage:
    """Change the arrays of an .npz file."""

    def damage(folder: Path) -> None:
        with np.load(folder / name) as archive:
            found = {key: archive[key] for key in archive.files}
        np.savez(folder / name, **change(found))

    return damage


def _preview(image: Image.Image) -> Damage:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return content("preview.png", buffer.getvalue())


def _without(name: str) -> Callable[[list[dict[str, Any]]], Any]:
    return lambda epochs: [epochs[0], {k: v for k, v in epochs[1].items() if k != name}]


def _with(**values: Any) -> Callable[[list[dict[str, Any]]], Any]:
    return lambda epochs: [epoch | values for epoch in epochs]


OBJECTS = np.array([{"a": 1}, None], dtype=object)
HUGE = {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)}


def _huge_array(name: str, key: str) -> Damage:
    """A header that promises terabytes."""

    def damage(folder: Path) -> None:
        member = io.BytesIO()
        np.lib.format.write_array_header_1_0(member, HUGE)
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(f"{key}.npy", member.getvalue())

    return damage


# By name: the part of the run that its page then calls damaged, and the damage. The part "end" is
# status and history, "run" everything; "" stands for damage that only a worker notices, or none.
KINDS: Mapping[str, tuple[str, Damage]] = {
    "preview truncated": ("preview", _cut("preview.png")),
    "preview empty": ("preview", content("preview.png", b"")),
    "preview garbage": ("preview", content("preview.png", GARBAGE)),
    "preview of another size": ("preview", _preview(Image.new("L", (13, 7)))),
    "preview of another mode": ("preview", _preview(Image.new("RGBA", (64, 16)))),
    "preview of one row": ("", _preview(Image.new("L", (64, 8)))),
    "preview a bomb": ("preview", _preview(Image.new("1", (20_000, 20_000)))),
    "preview a folder": ("preview", _folder("preview.png")),
    "moments truncated": ("replay", _cut("moments.npz")),
    "moments empty": ("replay", content("moments.npz", b"")),
    "moments garbage": ("replay", content("moments.npz", GARBAGE)),
    "moments without arrays": ("replay", arrays("moments.npz", lambda _: {"other": np.zeros(3)})),
    "moments of another shape": (
        "replay",
        arrays("moments.npz", lambda a: a | {"output": a["output"][:, :, :3]}),
    ),
    "moments flat": ("replay", arrays("moments.npz", lambda a: a | {"output": a["epochs"]})),
    "moments of floats": (
        "replay",
        arrays("moments.npz", lambda a: a | {"output": a["output"] / np.float32(0.3)}),
    ),
    "moments with wrong epochs": (
        "replay",
        arrays("moments.npz", lambda a: a | {"epochs": -a["epochs"] * 10**6}),
    ),
    "moments with text epochs": (
        "replay",
        arrays("moments.npz", lambda a: a | {"epochs": np.array(["a", "b"])}),
    ),
    "moments of objects": ("replay", arrays("moments.npz", lambda a: a | {"output": OBJECTS})),
    "moments with odd codes": (
        "replay",
        arrays("moments.npz", lambda a: a | {"codes": np.zeros((2, 5, 3))}),
    ),
    "moments huge": ("replay", _huge_array("moments.npz", "epochs")),
    "map truncated": ("map", _cut("map.npz")),
    "map empty": ("map", content("map.npz", b"")),
    "map without arrays": ("map", arrays("map.npz", lambda _: {"other": np.zeros(3)})),
    "map of objects": ("map", arrays("map.npz", lambda a: a | {"codes": OBJECTS})),
    "map with an odd legend": ("map", arrays("map.npz", lambda a: a | {"legend": np.array("[1]")})),
    "map with a deep legend": ("map", arrays("map.npz", lambda a: a | {"legend": np.array(DEEP)})),
    "map with text labels": (
        "map",
        arrays("map.npz", lambda a: a | {"legend": np.array('[["a"], [3]]')}),
    ),
    "map of three dimensions": ("map", arrays("map.npz", lambda a: a | {"codes": np.ones((9, 3))})),
    "map of texts": ("map", arrays("map.npz", lambda a: a | {"codes": np.array([["a", "b"]])})),
    "map with NaN": (
        "map",
        arrays("map.npz", lambda a: a | {"codes": np.full_like(a["codes"], np.nan)}),
    ),
    "weights truncated": ("weights", _cut("weights.npz")),
    "weights empty": ("weights", content("weights.npz", b"")),
    "weights garbage": ("weights", content("weights.npz", GARBAGE)),
    "weights of other shapes": (
        "",
        arrays("weights.npz", lambda a: {k: np.zeros(3, np.float32) for k in a}),
    ),
    "weights of other names": ("", arrays("weights.npz", lambda a: {"x" + k: a[k] for k in a})),
    "weights of texts": ("", arrays("weights.npz", lambda a: {k: np.array("x") for k in a})),
    "weights with NaN": ("", arrays("weights.npz", lambda a: {k: a[k] * np.nan for k in a})),
    "weights of objects": ("", arrays("weights.npz", lambda a: dict.fromkeys(a, OBJECTS))),
    "weights a folder": ("weights", _folder("weights.npz")),
    "spec of an unknown image set": ("run", fields("spec.json", image_set="no-such-set")),
    "spec of a list as image set": ("run", fields("spec.json", image_set=["digits"])),
    "spec of an unknown size": ("run", fields("spec.json", image_size=77)),
    "spec with an unknown field": ("run", fields("spec.json", no_such_setting=1)),
    "spec with wrong types": ("run", fields("spec.json", latent_dim=[1], loss={"a": 1})),
    "spec with a truth as epochs": ("run", fields("spec.json", epochs=True)),
    "spec with null": ("run", fields("spec.json", image_size=None)),
    "spec beyond limits": ("run", fields("spec.json", latent_dim=10**9)),
    "spec whose layers do not fit": (
        "run",
        fields("spec.json", encoder="conv8/2", decoder="dense7, reshape7x1x1"),
    ),
    "spec not JSON": ("run", content("spec.json", "{latent_dim: 2")),
    "spec empty": ("run", content("spec.json", "")),
    "spec a list": ("run", content("spec.json", "[]")),
    "spec deep": ("run", content("spec.json", DEEP)),
    "spec garbage": ("run", content("spec.json", GARBAGE)),
    "history of text": ("end", _epochs(lambda _: "many")),
    "history a dict": ("end", _epochs(lambda epochs: {"1": epochs[0]})),
    "history null": ("end", _epochs(lambda _: None)),
    "history of lists": ("end", _epochs(lambda _: [[1, 2], [3, 4]])),
    "history huge": ("end", _epochs(lambda epochs: epochs * 50_000)),
    "history without seconds": ("end", _epochs(_without("seconds"))),
    "history without a loss": ("end", _epochs(_without("val_loss"))),
    "history of empty epochs": ("end", _epochs(lambda epochs: [{} for _ in epochs])),
    "history with texts": ("end", _epochs(_with(loss="small"))),
    "history with huge numbers": ("end", _epochs(_with(loss=10**400))),
    "history with null": ("end", _epochs(_with(val_psnr=None))),
    "history with NaN": ("", _epochs(_with(loss=float("nan"), val_psnr=float("nan")))),
    "history with NaN seconds": ("", _epochs(_with(seconds=float("inf")))),
    "history deep": ("end", content("history.json", DEEP)),
    "history garbage": ("end", content("history.json", GARBAGE)),
    "history empty": ("end", content("history.json", "")),
    "reason unknown": (
        "end",
        fields("history.json", status="failed", message={"key": "no_such", "values": {}}),
    ),
    "reason without values": (
        "end",
        fields("history.json", status="failed", message={"key": "stopped_paused", "values": {}}),
    ),
    "reason of a wrong type": (
        "end",
        fields(
            "history.json",
            status="failed",
            message={"key": "stopped_paused", "values": {"minutes": "x", "epoch": 1}},
        ),
    ),
    "status unknown": ("end", fields("history.json", status="on fire")),
    "status a list": ("end", fields("history.json", status=["finished"])),
}


def copied(run: Path, root: Path, run_id: str, owner: str) -> Path:
    """Copy a run folder under another id, as another visitor's run."""
    folder = root / run_id
    shutil.copytree(run, folder)
    fields("run.json", id=run_id, owner=owner)(folder)
    return folder


def stored(root: Path, folder: Path) -> None:
    """Bring the texts of a run folder into the database of a folder of runs, damaged or not."""
    about = json.loads((folder / "run.json").read_text())
    end_text = (folder / "history.json").read_text("latin-1")
    end = {"status": "finished", "epochs": None, "message": None}
    with suppress(ValueError, RecursionError):
        end |= json.loads(end_text)
        end_text = json.dumps(end["epochs"])
    names = ("owner", "preset", "created")
    row = {
        "id": folder.name,
        **{name: about[name] for name in names},
        "sweep": about.get("sweep", ""),
        "image_set": "digits",
        "scheduler": "",
        "spec_json": (folder / "spec.json").read_text("latin-1"),
        "status": str(end["status"]),
        "history_json": end_text,
        "reason_json": json.dumps(end["message"]),
    }
    with database_in(root).changing() as connection:
        upsert(connection, RUNS, row)
