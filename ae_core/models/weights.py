"""Stores weights as a plain .npz, never as a pickle or Keras file; rounds to float16 or int8."""

import io
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ae_core.errors import Message, UserError
from ae_core.storage.files import DAMAGED

_log = logging.getLogger(__name__)

STEP = 0.2  # in standard deviations, see `quantize`
LARGE = 100_000  # weights: smaller arrays are not worth quantizing
# For denoisers: half the bytes of float16, and at most 0.001 dB less on held-out faces.
FINE_STEP, FINE_LARGE = 0.05, 50_000
MAX_STEPS = 127  # the range of an int8; the rare larger weights are stored separately
_STEP_OF, _PLACES_OF, _VALUES_OF = "@step", "@places", "@values"


def to_bytes(weights: Mapping[str, np.ndarray], *, compress: bool = False) -> bytes:
    """Write named arrays as the bytes of an .npz file."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name.replace("/", "."): array for name, array in weights.items()}
    (np.savez_compressed if compress else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def from_bytes(data: bytes) -> dict[str, np.ndarray]:
    """Read the output of `to_bytes`, bit for bit.

    Raises:
        UserError: the bytes are not an .npz file of plain arrays.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name.replace(".", "/"): archive[name] for name in archive.files}
        if not all(isinstance(a, np.ndarray) and a.dtype.kind in "fiu" for a in arrays.values()):
            raise ValueError("it holds something else than arrays of numbers")
    except DAMAGED as error:
        raise unreadable(error) from None
    return arrays


def unreadable(error: BaseException) -> UserError:
    """Return the error for weights that do not read; the log has the cause."""
    _log.warning("weights do not read: %s", error)
    return _refused("weights_file")


def assign(variables: Iterable[Any], weights: Mapping[str, np.ndarray]) -> None:
    """Assign weights to the Keras variables of the same paths.

    Raises:
        UserError: names or shapes do not match the variables, or a weight is not finite.
    """
    by_path = {variable.path: variable for variable in variables}
    if set(weights) != set(by_path):
        raise _refused("weights_names", names=tuple(sorted(set(weights) ^ set(by_path))[:4]))
    for name, variable in by_path.items():
        shape, wanted = weights[name].shape, tuple(variable.shape)
        if shape != wanted:
            raise _refused("weights_shape", name=name, shape=shape, wanted=wanted)
        if not np.isfinite(weights[name]).all():
            raise _refused("weights_finite", name=name)
        variable.assign(weights[name])


def _refused(key: str, **values: Any) -> UserError:
    return UserError("weights", problem=Message.of(key, **values))


def to_float16(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Round weights to float16; `dequantize` reverses it except for the rounding."""
    return {name: array.astype(np.float16) for name, array in weights.items()}


def quantize(
    weights: Mapping[str, np.ndarray], share: float = STEP, large: int = LARGE
) -> dict[str, np.ndarray]:
    """Quantize large arrays to int8 steps, which compress to about half a byte per weight.

    It is for models that come with the app and whose files would otherwise be too large; their
    figures are those of the quantized weights. `dequantize` reverses it except for the rounding.

    Args:
        weights: the weights by name.
        share: the size of a step in standard deviations of its array.
        large: the number of weights from which an array is rounded.
    """
    kept: dict[str, np.ndarray] = {}
    for name, array in weights.items():
        step = np.float32(array.std() * share) if array.size >= large else np.float32(0)
        if step == 0:  # small or constant
            kept[name] = array
            continue
        steps = np.round(array / step)
        kept[name] = np.clip(steps, -MAX_STEPS, MAX_STEPS).astype(np.int8)
        kept[name + _STEP_OF] = np.asarray(step)
        beyond = np.flatnonzero(np.abs(steps) > MAX_STEPS)  # a few in a million
        if len(beyond):
            kept[name + _PLACES_OF] = beyond.astype(np.int32)
            kept[name + _VALUES_OF] = steps.ravel()[beyond].astype(np.float32)
    return kept


def is_half(weights: Mapping[str, np.ndarray]) -> bool:
    """Return whether all weights that are not rounded to steps are float16."""
    return all(a.dtype in (np.float16, np.int8) for name, a in weights.items() if "@" not in name)


@dataclass(frozen=True)
class Steps:
    """An array that `quantize` has rounded, as it is kept.

    Attributes:
        steps: int8, the array in steps.
        step: float32, the size of a step.
        places: where the array has more than `MAX_STEPS`, flat.
        values: how many steps there.
    """

    steps: np.ndarray
    step: np.ndarray
    places: np.ndarray
    values: np.ndarray


def steps_of(arrays: Mapping[str, np.ndarray], name: str) -> Steps | None:
    """Return an array of the result of `quantize` in steps, None if it was not rounded."""
    if name + _STEP_OF not in arrays:
        return None
    none = np.zeros(0)
    places, values = arrays.get(name + _PLACES_OF, none), arrays.get(name + _VALUES_OF, none)
    return Steps(arrays[name], arrays[name + _STEP_OF], places, values)


def dequantize(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return float32 weights from the result of `to_float16` or `quantize`, or plain ones."""
    found = {}
    for name, array in arrays.items():
        if "@" in name:
            continue
        found[name] = array.astype(np.float32)
        if known := steps_of(arrays, name):
            found[name].flat[known.places.astype(np.intp)] = known.values
            found[name] *= known.step
    return found
