"""The figures that the sources of presets report of their own runs, ``assets/published.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ae_core.specs.presets import PRESETS
from ae_core.specs.serialization import flatten
from ae_core.specs.training import TrainingSpec
from ae_core.storage.files import ROOT

FILE = ROOT / "assets" / "published.toml"
FREE = {"seed", "epochs", "precision", "max_seconds"}  # a run with others can still be compared


@dataclass(frozen=True)
class Published:
    """A source's figures.

    Attributes:
        figures: the names of a run's metrics.
        rows: their values by epoch.
    """

    figures: tuple[str, ...]
    rows: Mapping[int, tuple[float, ...]]

    def of(self, epoch: int) -> dict[str, float]:
        """Return the figures of an epoch by name, none if the source does not name it."""
        return dict(zip(self.figures, self.rows.get(epoch, ()), strict=False))


def _read() -> Mapping[str, Published]:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: Published(
                tuple(table["figures"]),
                MappingProxyType({epoch: tuple(row) for epoch, *row in table["rows"]}),
            )
            for name, table in tables.items()
        }
    )


PUBLISHED: Mapping[str, Published] = _read()


def published(spec: TrainingSpec, name: str) -> Published | None:
    """Return what the source of a preset reports, None if the spec is no run of its recipe."""
    if name not in PUBLISHED:
        return None
    usual = flatten(PRESETS[name])
    changed = {key for key, value in flatten(spec).items() if value != usual[key]}
    return PUBLISHED[name] if changed <= FREE else None
