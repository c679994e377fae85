"""Compiles the decoder's engine for the browser: `make wasm`, after a change of decoder_wasm*.c."""

import subprocess
import sys
from pathlib import Path

from pages.ui.widgets.component import UI

NAMES = ("decoder_wasm.c", "decoder_wasm_winograd.c", "decoder_wasm_activations.c")
SOURCES = [UI / "pickers" / name for name in NAMES]
FUSED = ("-mrelaxed-simd",)  # not every browser has these instructions
# Two instances have one memory, and a stack each; it is as large as decoder_wasm.js says.
SHARED = (
    "-matomics",
    "-mbulk-memory",
    "-Wl,--import-memory",
    "-Wl,--shared-memory",
    "-Wl,--initial-memory=131072",
    "-Wl,--max-memory=536870912",
    "-Wl,--export=__stack_pointer",
)
BUILT = {
    UI / "pickers" / "decoder_wasm.wasm": (),
    UI / "pickers" / "decoder_wasm_fused.wasm": FUSED,
    UI / "pickers" / "decoder_wasm_shared.wasm": FUSED + SHARED,
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


def compile_engine(to: Path, more: tuple[str, ...]) -> None:
    """Compile the sources with the compiler of requirements-dev.txt.

    Args:
        to: the file for the result, ``*.wasm``.
        more: the options of this build.
    """
    sources = map(str, SOURCES)
    flags = (*FLAGS, *more)
    command = [sys.executable, "-m", "ziglang", "cc", *flags, "-o", str(to), *sources]
    subprocess.run(command, check=True)
    to.chmod(0o644)  # a linker's result is executable for the system, which a browser does not need


if __name__ == "__main__":
    for file, more in BUILT.items():
        compile_engine(file, more)
