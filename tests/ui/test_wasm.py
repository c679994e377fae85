"""The decoder's engine for the browser is what its source says."""

import pytest

from tests.helpers.compiled_engine import BUILT, compile_engine


@pytest.mark.thorough
def test_the_engine_in_the_repository_is_its_source_compiled(tmp_path):
    """After a change of decoder_wasm*.c, `make wasm` renews the file."""
    compile_engine(tmp_path / "any.wasm")
    assert (tmp_path / "any.wasm").read_bytes() == BUILT.read_bytes()
