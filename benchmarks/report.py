"""Reports figures with their targets: prints them at once and collects them for ``results.md``."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # processor flags that training uses


@dataclass
class Report:
    """The results of a benchmark.

    Attributes:
        lines: table rows: description, figure, target, verdict.
    """

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)

    def figure(self, what: str, figure: str) -> None:
        """Add a figure without a target."""
        self._take(what, figure, "", "")

    def target(
        self, what: str, figure: float, target: float, form: str = "{:.2f}", *, least: bool = False
    ) -> bool:
        """Add a figure that must be at most, or at least, its target; return whether it is."""
        met = figure >= target if least else figure <= target
        bound = f"{'≥' if least else '≤'} {form.format(target)}"
        self._take(what, form.format(figure), bound, "met" if met else "not met")
        return met

    def table(self) -> str:
        """Return all figures as a table in Markdown."""
        rows = ["| figure | | target | |", "|---|---|---|---|"]
        rows += [f"| {' | '.join(line)} |" for line in self.lines]
        return "\n".join(rows)

    def _take(self, what: str, figure: str, target: str, verdict: str) -> None:
        self.lines.append((what, figure, target, verdict))
        print(f"{what}: {figure}{f', target {target}: {verdict}' if target else ''}", flush=True)


def machine() -> str:
    """Describe this machine and the versions in a few lines of Markdown."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = {line.split(":")[1].strip() for line in info.splitlines() if "model name" in line}
    flags = [flag for flag in FLAGS if f" {flag}" in info]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "keras", "dask"))
    processor = ", ".join(sorted(models)) or platform.processor()
    return "\n".join(
        (
            f"- {os.cpu_count()} cores, {processor} ({', '.join(flags) or 'none of '.join(FLAGS)})",
            f"- {memory:.0f} GiB of memory, {platform.system()} {platform.machine()}",
            f"- Python {platform.python_version()}, {packages}, commit {_commit()}",
            f"- {date.today().isoformat()}",
        )
    )


def _commit() -> str:
    commit = _git("rev-parse", "--short", "HEAD")
    # The results file itself changes during a benchmark.
    changed = _git("status", "--porcelain", "--", ".", ":!benchmarks/results.md")
    return f"{commit or 'unknown'}{' and changes' if changed else ''}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()
