"""In what precision a run computes, on processors that have bfloat16 and on others."""

import pytest

from ae_core.models import precision
from ae_core.models.precision import has_bfloat16, resolve_precision
from ae_core.specs import TrainingSpec, change

DENSE = TrainingSpec(precision="auto")
WIDE = change(DENSE, encoder="dense1024", decoder="dense32")
CONV = change(DENSE, encoder="conv4/2", decoder="dense16, reshape4x4x1, convT4/2")


@pytest.fixture
def processor(tmp_path, monkeypatch):
    """Makes this machine's processor one with the given flags."""

    def has(flags):
        path = tmp_path / "cpuinfo"
        path.write_text(f"processor\t: 0\nmodel name\t: no-avx512_bf16\nflags\t\t: fpu {flags}\n")
        monkeypatch.setattr(precision, "PROCESSOR", path)
        has_bfloat16.cache_clear()

    yield has
    has_bfloat16.cache_clear()


@pytest.mark.parametrize("flags", ["avx512_bf16", "avx512f amx_bf16 amx_tile", "amx_bf16"])
def test_convolutions_and_wide_layers_take_bfloat16_where_the_processor_has_it(processor, flags):
    processor(flags)
    assert resolve_precision(CONV) == "bfloat16"
    assert resolve_precision(WIDE) == "bfloat16"
    assert resolve_precision(DENSE) == "float32"


@pytest.mark.parametrize("flags", ["avx512f", "avx512_bf16x", ""])
def test_elsewhere_they_take_float32(processor, flags):
    processor(flags)
    assert resolve_precision(CONV) == "float32"
    assert resolve_precision(WIDE) == "float32"


def test_a_system_that_does_not_tell_has_none(monkeypatch, tmp_path):
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "nothing")
    has_bfloat16.cache_clear()
    assert not has_bfloat16()
    has_bfloat16.cache_clear()


@pytest.mark.parametrize("chosen", ["float32", "bfloat16"])
def test_what_a_visitor_chose_is_taken(processor, chosen):
    for flags in ("avx512_bf16", ""):
        processor(flags)
        assert resolve_precision(change(CONV, precision=chosen)) == chosen
