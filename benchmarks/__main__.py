"""Runs all benchmarks, or the named ones, in order: ``python -m benchmarks [pages latent …]``.

It writes ``benchmarks/results.md`` after each one; the figures of other benchmarks stay there.
"""

import argparse
import importlib
import re
from pathlib import Path

from benchmarks.report import Report, machine

NAMES = (
    "pages",
    "faces",
    "latent",
    "decoders",
    "denoiser",
    "training",
    "headlines",
    "pytorch",
    "classroom",
    "led_class",
    "scaling",
    "turns",
    "memory",
    "uploads",
    "idle_tabs",
)
RESULTS = Path(__file__).with_name("results.md")
HEAD = """# Results of the benchmarks

Written by `make bench`. Ratios are of figures of one run; times move with the machine.
"""


def main() -> None:
    """Run the benchmarks and write their results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], default=list(NAMES))
    for name in parser.parse_args().names:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"--- {name}", flush=True)
        report = Report()
        module.run(report)
        about = (module.__doc__ or "").strip()
        write(name, f"{about}\n\n{machine()}\n\n{report.table()}")


def write(name: str, section: str) -> None:
    """Replace a benchmark's section in the file."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    found = dict(re.findall(r"^## (\w+)\n\n(.*?)\s*(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    found[name] = section
    parts = [f"## {each}\n\n{found[each]}\n" for each in NAMES if each in found]
    RESULTS.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main()
