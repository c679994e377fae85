"""Converts a spec to JSON for run folders, and to a flat mapping for widgets and links.

A setting has the same name everywhere: the keys of the flat mapping are the fields of the
dataclasses, so that ``?preset=digits-dense&latent_dim=8`` sets
``TrainingSpec.autoencoder.latent_dim``.
"""

import dataclasses
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ae_core.errors import UserError
from ae_core.specs.autoencoder import AutoencoderSpec
from ae_core.specs.layers import format_layers, parse_layers
from ae_core.specs.limits import LIMITS
from ae_core.specs.training import Corruption, TrainingSpec

Value = str | int | float

# Old names and values of settings in links, run folders, model cards and lessons.
OLD_NAMES: Mapping[str, str] = {
    "kind": "noise_kind",
    "amount": "noise_amount",
    "where": "noise_stage",
    "code": "code_type",
    "components": "pca_components",
    "average": "ema_decay",  # of a `DenoiserSpec`
}
OLD_VALUES: Mapping[tuple[str, object], str] = {
    ("code_type", "map"): "feature_map",
    ("split", "everything"): "none",
}
_ALWAYS_COLOUR = ("lfw-faces",)  # in colour before specs and links said so

_PARTS: Mapping[str, type] = {"autoencoder": AutoencoderSpec, "corruption": Corruption}
_OWNERS: dict[str, str] = {
    f.name: part for part, cls in _PARTS.items() for f in dataclasses.fields(cls)
} | {f.name: "" for f in dataclasses.fields(TrainingSpec) if f.name not in _PARTS}


def flatten(spec: TrainingSpec) -> dict[str, Value]:
    """Return every setting by name; layers are in their notation."""
    flat: dict[str, Value] = {}
    for name, part in _OWNERS.items():
        value = getattr(getattr(spec, part) if part else spec, name)
        flat[name] = format_layers(value) if name in ("encoder", "decoder") else value
    return flat


def renamed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings under their present names; a present name overrides its old one."""
    today = {OLD_NAMES[name]: value for name, value in settings.items() if name in OLD_NAMES}
    today |= {name: value for name, value in settings.items() if name not in OLD_NAMES}
    return {
        name: OLD_VALUES.get((name, value), value) if isinstance(value, str) else value
        for name, value in today.items()
    }


def unsaid(image_set: str) -> dict[str, Value]:
    """Return what a stored spec or a link means by the settings that it is too old to know."""
    return {"channels": 3 if image_set in _ALWAYS_COLOUR else 1}


def change(spec: TrainingSpec, /, **changes: Value) -> TrainingSpec:
    """Return `spec` with some flat settings changed, checked as a whole.

    Old names of settings are accepted, too: see `OLD_NAMES`.

    Raises:
        UserError: a name is not a setting, or a value (or the combination) is not allowed.
    """
    by_part: dict[str, dict[str, Any]] = {"": {}, "autoencoder": {}, "corruption": {}}
    for name, value in renamed(changes).items():
        if name not in _OWNERS:
            raise UserError("setting", name=name, value=value, settings=tuple(_OWNERS))
        by_part[_OWNERS[name]][name] = _typed(name, value, flatten(spec)[name])
    return dataclasses.replace(
        spec,
        autoencoder=dataclasses.replace(spec.autoencoder, **by_part["autoencoder"]),
        corruption=dataclasses.replace(spec.corruption, **by_part["corruption"]),
        **by_part[""],
    )


def _typed(name: str, value: Value, like: Value) -> Any:
    """Convert a text (from a link) or a JSON number to the setting's type."""
    if name in ("encoder", "decoder"):
        return parse_layers(str(value), name)
    if isinstance(like, str):
        return str(value)
    kind = type(like)
    if isinstance(value, str):
        if name in LIMITS:
            return LIMITS[name].parse(name, value)
        try:
            return kind(value)
        except ValueError:
            raise UserError("number", name=name, value=value) from None
    # An int for a float setting; the check refuses any other JSON type.
    small_int = type(value) is int and abs(value) < 2**53
    return float(value) if kind is float and small_int else value


@lru_cache(maxsize=256)
def to_json(spec: TrainingSpec) -> str:
    """Write a spec as JSON text; `from_json` reads the same spec back."""
    return json.dumps(flatten(spec), indent=1)


def from_json(text: str) -> TrainingSpec:
    """Read a spec from JSON text.

    Raises:
        ValueError: the text is not a JSON object of settings with allowed values.
    """
    try:
        flat = json.loads(text)
    except ValueError as error:
        raise ValueError(f"spec={text[:40]!r} must be JSON: {error}") from None
    if not isinstance(flat, dict):
        raise ValueError(f"spec={text[:40]!r} must be a JSON object of settings")
    return change(TrainingSpec(), **{**unsaid(flat.get("image_set", "")), **flat})
