"""The decoder's engines for the browser are what their source says."""

import pytest

from tests.helpers.compiled_engine import BUILT, compile_engine


@pytest.mark.thorough
@pytest.mark.parametrize("built", BUILT, ids=lambda built: built.name)
def test_the_engine_in_the_repository_is_its_source_compiled(tmp_path, built):
    """After a change of decoder_wasm*.c, `make wasm` renews the files."""
    compile_engine(tmp_path / "any.wasm", BUILT[built])
    assert (tmp_path / "any.wasm").read_bytes() == built.read_bytes()
