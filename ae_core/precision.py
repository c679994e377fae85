"""In what precision a run computes where its spec leaves that to the processor.

bfloat16 has the range of float32 and 8 of its 24 significant bits; weights, code, output and loss
stay float32 in any case. What it says holds for the machine that it runs on: workers elsewhere ask
their own processor.
"""

from functools import cache
from pathlib import Path

from ae_core.specs import TrainingSpec

PROCESSOR = Path("/proc/cpuinfo")  # Linux only
BFLOAT16 = ("avx512_bf16", "amx_bf16")  # its names for instructions that compute in bfloat16


@cache
def has_bfloat16() -> bool:
    """Whether this machine's processor computes in bfloat16, faster than in float32."""
    try:
        flags = PROCESSOR.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return False
    return any(name in flags for name in BFLOAT16)


def computes_in(spec: TrainingSpec) -> str:
    """Return ``float32`` or ``bfloat16``: the precision of a spec, on this machine if ``auto``.

    ``auto`` is bfloat16 for networks with convolutions on a processor that has it, and else
    float32: small dense layers wait for memory and for each other, not for arithmetic.
    """
    if spec.precision != "auto":
        return spec.precision
    return "bfloat16" if has_bfloat16() and spec.autoencoder.body == "conv" else "float32"
