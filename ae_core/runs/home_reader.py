"""Reads files that come from home, see `ae_core.runs.home_file`.

A file is a stranger's: everything that it declares is compared with what its settings ask for
before memory is taken for it.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from ae_core.errors import UserError
from ae_core.models.compatibility import image_shape
from ae_core.models.shapes import Shape
from ae_core.models.weight_shapes import weight_shapes
from ae_core.runs.home_file import (
    END,
    FORMAT,
    MAX_BYTES,
    NUMBERS,
    RUN,
    STATUSES,
    HomeFile,
    on_a_curve,
)
from ae_core.runs.record import checked_history
from ae_core.specs import PRESETS, TrainingSpec, from_json
from ae_core.storage.files import DAMAGED

MAX_RUN = 2 << 20  # bytes of the JSON
MAX_METRICS = 40  # names per epoch
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MODEL = re.compile(r"[a-z0-9-]{0,60}")


def read(data: bytes) -> HomeFile:
    """Read a visitor's file.

    Raises:
        UserError: it is none of ours, damaged, or says what cannot be.
    """
    if len(data) > MAX_BYTES:
        raise UserError("home_large", size=len(data) / 2**20, most=MAX_BYTES >> 20)
    written = _block(data, RUN)
    if len(written) > MAX_RUN:
        raise UserError("home_said_large", most=MAX_RUN >> 20)
    numbers = _block(data, NUMBERS)
    try:
        said = json.loads(written.decode(), parse_constant=_no_number)
        return _checked(said, numbers)
    except UserError:
        raise
    except DAMAGED:
        raise UserError("home_damaged") from None


def _block(data: bytes, begin: str) -> bytes:
    """Return what stands in one of the blocks."""
    found = data.count(begin.encode())
    if found > 1:
        raise UserError("home_twice")
    if not found:
        raise UserError("home_cut" if RUN.encode() in data else "home_other")
    start = data.index(begin.encode()) + len(begin)
    end = data.find(END.encode(), start)
    if end < 0:
        raise UserError("home_cut")
    return data[start:end]


def _no_number(name: str) -> float:
    raise UserError("home_figures", value=name)


def _checked(said: Any, numbers: bytes) -> HomeFile:
    if not isinstance(said, dict) or type(said.get("format")) is not int:
        raise UserError("home_damaged")
    if said["format"] != FORMAT:
        raise UserError("home_format", value=said["format"], known=FORMAT)
    spec = _spec(said["spec"])
    model, digest = said["model"], said["digest"]
    if not _MODEL.fullmatch(model) or not _MODEL.fullmatch(digest):
        raise UserError("home_model", name=model)
    saved = _day(said["saved"])
    if model:
        return HomeFile(spec, saved, model=model, digest=digest)
    if said["status"] not in STATUSES:
        raise UserError("home_status", value=str(said["status"]))
    if said["arrays"] == []:
        raise UserError("home_decoder")
    history = _history(said["history"], spec.epochs)
    weights = _weights(said["arrays"], numbers, spec)
    preset = said["preset"] if said["preset"] in tuple(PRESETS) else ""
    return HomeFile(spec, saved, preset, said["status"], history, weights)


def _spec(said: Any) -> TrainingSpec:
    if not isinstance(said, dict):
        raise UserError("home_damaged")
    try:
        spec = from_json(json.dumps(said))
        weight_shapes(spec.autoencoder, image_shape(spec))
    except UserError as error:
        raise UserError("home_spec", problem=error.message) from None
    return spec


def _day(written: Any) -> date:
    try:
        return date.fromisoformat(written)
    except (TypeError, ValueError):
        raise UserError("home_day", value=str(written)) from None


def _history(said: Any, most: int) -> tuple[Mapping[str, float], ...]:
    try:
        history = checked_history(said, most)
    except DAMAGED:
        raise UserError("home_history", most=most) from None
    names = history[0] if history else {}
    if len(names) > MAX_METRICS or not all(map(_METRIC.fullmatch, names)):
        raise UserError("home_history", most=most)
    for epoch in history:
        for value in epoch.values():
            if not on_a_curve(value):
                raise UserError("home_figures", value=value)
    return history


def _weights(said: Any, numbers: bytes, spec: TrainingSpec) -> dict[str, np.ndarray]:
    """Return the weights once names, types and shapes are those of the spec's network."""
    wanted = weight_shapes(spec.autoencoder, image_shape(spec))
    declared = _declared(said)
    if differing := sorted(declared.keys() ^ wanted.keys()):
        raise UserError("home_names", names=tuple(differing[:4]))
    for name, shape in declared.items():
        if shape != wanted[name]:
            raise UserError("home_shape", name=name, shape=shape, wanted=wanted[name])
    count = sum(map(math.prod, declared.values()))
    if len(numbers) != 4 * math.ceil(4 * count / 3):
        raise UserError("home_length", count=count)
    try:
        every = np.frombuffer(base64.b64decode(numbers, validate=True), "<f4")
    except (binascii.Error, ValueError):
        raise UserError("home_base64") from None
    if len(every) != count:
        raise UserError("home_length", count=count)
    if not np.isfinite(every).all():
        raise UserError("home_finite")
    ends = np.cumsum([math.prod(shape) for shape in declared.values()])
    parts = zip(declared.items(), np.split(every, ends[:-1]), strict=True)
    return {name: part.reshape(shape) for (name, shape), part in parts}


def _declared(said: Any) -> dict[str, Shape]:
    """Return the declared shapes by name."""
    found: dict[str, Shape] = {}
    for each in said:
        name, shape = str(each["name"]), each["shape"]
        if each["dtype"] != "float32":
            raise UserError("home_dtype", name=name, value=str(each["dtype"]))
        if name in found:
            raise UserError("home_names", names=(name,))
        if not all(type(side) is int for side in shape):
            raise TypeError(f"shape={shape} must be whole numbers")
        found[name] = tuple(shape)
    return found
