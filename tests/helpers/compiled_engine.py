"""Compiles the decoder's engine for the browser: `make wasm`, after a change of decoder_wasm*.c."""

import subprocess
import sys
from pathlib import Path

from pages.ui.widgets.component import UI

NAMES = ("decoder_wasm.c", "decoder_wasm_winograd.c", "decoder_wasm_activations.c")
SOURCES = [UI / "pickers" / name for name in NAMES]
# With which instructions besides SIMD; not every browser has those of relaxed SIMD.
BUILT = {
    UI / "pickers" / "decoder_wasm.wasm": (),
    UI / "pickers" / "decoder_wasm_fused.wasm": ("-mrelaxed-simd",),
}
FLAGS = (
    "--target=wasm32-freestanding",
    "-msimd128",
    "-O3",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-nostdlib",
    "-fno-builtin",  # a loop that copies stays a loop: there is no memcpy to call
    "-s",  # no names and no paths, so that each machine makes the same bytes
    "-Wl,--no-entry",
    "-Wl,--export=__heap_base",  # from there on the memory is free
    "-Wl,-z,stack-size=16384",
)


def compile_engine(to: Path, instructions: tuple[str, ...]) -> None:
    """Compile the sources with the compiler of requirements-dev.txt.

    Args:
        to: the file for the result, ``*.wasm``.
        instructions: the compiler's options for instructions besides SIMD.
    """
    sources = map(str, SOURCES)
    flags = (*FLAGS, *instructions)
    command = [sys.executable, "-m", "ziglang", "cc", *flags, "-o", str(to), *sources]
    subprocess.run(command, check=True)
    to.chmod(0o644)  # a linker's result is executable for the system, which a browser does not need


if __name__ == "__main__":
    for file, instructions in BUILT.items():
        compile_engine(file, instructions)
