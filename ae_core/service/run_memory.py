"""How much memory a run may need on this server: ``AE_MEMORY_A_RUN``, or half of what there is."""

import os

from dask.utils import parse_bytes
from distributed.system import MEMORY_LIMIT

from ae_core.specs import TrainingSpec
from ae_core.training.memory import check_memory

VARIABLE = "AE_MEMORY_A_RUN"


def most_bytes() -> int:
    """Return the bytes that a run may need, by default half of the machine's or container's.

    Raises:
        ValueError: the variable is not a size such as ``2 GiB``; the text names it.
    """
    written = os.environ.get(VARIABLE) or ""
    if not written:
        return MEMORY_LIMIT // 2
    try:
        return int(parse_bytes(written))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{VARIABLE}: {written!r} is no size such as 2 GiB") from error


def check_run_memory(spec: TrainingSpec) -> None:
    """Refuse a training that would need more memory than a run may on this server.

    Raises:
        UserError: it needs more, or as in `ae_core.training.memory.bytes_needed`.
    """
    check_memory(spec, most_bytes())
