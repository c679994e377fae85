"""Reads the presets in ``assets/presets.toml``, and links: a preset's name plus changes to it."""

import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ae_core.errors import UserError
from ae_core.specs.serialization import change, flatten, unsaid
from ae_core.specs.training import TrainingSpec
from ae_core.storage.files import ROOT

FILE = ROOT / "assets" / "presets.toml"


def _spec(name: str, tables: Mapping[str, Mapping[str, Any]]) -> TrainingSpec:
    settings = dict(tables[name])
    like = settings.pop("like", "")
    return change(_spec(like, tables) if like else TrainingSpec(), **settings)


def _read() -> Mapping[str, TrainingSpec]:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return MappingProxyType({name: _spec(name, tables) for name in tables})


PRESETS: Mapping[str, TrainingSpec] = _read()


def preset(name: str) -> TrainingSpec:
    """Return a preset by name.

    Raises:
        UserError: there is no preset of that name.
    """
    if name not in PRESETS:
        raise UserError("one_of", name="preset", value=name, choices=tuple(PRESETS))
    return PRESETS[name]


def to_query(spec: TrainingSpec, name: str) -> dict[str, str]:
    """Return a link's query: the preset's name and the settings that differ from the preset.

    What a link means by saying nothing is not always what the preset says: see `unsaid`.
    """
    base = {**flatten(preset(name)), **unsaid(spec.image_set)}
    differing = {key: str(v) for key, v in flatten(spec).items() if v != base[key]}
    return {"preset": name} | differing


def from_query(query: Mapping[str, str]) -> TrainingSpec:
    """Read the spec that a link describes (see `to_query`).

    Raises:
        UserError: the preset or a setting is unknown, or a value is not allowed.
    """
    settings = dict(query)
    base = preset(settings.pop("preset", "digits-dense"))
    return change(base, **{**unsaid(settings.get("image_set", base.image_set)), **settings})
