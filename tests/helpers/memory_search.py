"""Asks a server that the tests started whether anything in its memory holds some bytes.

The server gets `HOOK` as its ``sitecustomize``: a thread that looks through all objects that Python
can reach and names the kinds of those that hold the bytes, and of their holders.
"""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path

HOOK = """
import gc, json, os, socket, threading

def kinds_that_hold(wanted):
    gc.unfreeze()
    gc.collect()
    found, seen = {name: [] for name in wanted}, set()
    holders = [each for each in gc.get_objects() if each is not wanted]
    for holder in holders:  # it grows
        for each in gc.get_referents(holder):
            kind = type(each)
            if kind in (dict, tuple) and not gc.is_tracked(each) and id(each) not in seen:
                seen.add(id(each))
                holders.append(each)  # the collector leaves out what holds no containers
            if kind.__name__ == "ndarray" and each.nbytes:
                content = each.tobytes()
            elif kind in (bytes, bytearray):
                content = each
            else:
                continue
            if id(each) in seen:
                continue
            seen.add(id(each))
            for name, part in wanted.items():
                if part in content and each is not part:
                    found[name].append(f"{kind.__name__} in {type(holder).__name__}")
    return found

def serve(listener):
    while True:
        with listener.accept()[0] as asked, asked.makefile("rwb") as file:
            wanted = {n: bytes.fromhex(h) for n, h in json.loads(file.readline()).items()}
            file.write(json.dumps(kinds_that_hold(wanted)).encode() + b"\\n")

if path := os.environ.pop("MEMORY_SEARCH", ""):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
"""


def hook(folder: Path) -> dict[str, str]:
    """Write the hook into a folder and return the variables with which a server takes it."""
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "MEMORY_SEARCH": str(folder / "search.sock")}


def holders(folder: Path, wanted: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return, for each name, what in the server's memory holds its bytes."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(folder / "search.sock"))
        with asking.makefile("rwb") as file:
            file.write(json.dumps({n: part.hex() for n, part in wanted.items()}).encode() + b"\n")
            file.flush()
            found: dict[str, list[str]] = json.loads(file.readline())
            return found
