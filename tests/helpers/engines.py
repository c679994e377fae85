"""Decodes in a browser as the app's pages do, once with each engine of the decoder."""

import base64
from collections.abc import Iterator

import numpy as np
from playwright.sync_api import Page

from pages.ui.widgets.component import address

# A decoder that comes before the engine begins in JavaScript: here, all come after it.
LOOK = """async ([decoder, engine]) => {
  window.live = await import(decoder);
  await (await import(engine)).engine;
}"""
DECODE = """async ([bytes, codes]) => {
  const decoder = window.live.unpack(new Uint8Array(await (await fetch(bytes)).arrayBuffer()));
  return [decoder.engine, codes.map((code) => Array.from(window.live.decode(decoder, code)))];
}"""


def as_url(decoder: bytes) -> str:
    """Return an address that has the bytes in it: a page reads it faster than a list of numbers."""
    return f"data:;base64,{base64.b64encode(decoder).decode()}"


class Engines:
    """Pages of browsers with relaxed SIMD, these with shared memory, SIMD alone, no WebAssembly."""

    def __init__(self, fused: Page, shared: Page, simd: Page, without: Page) -> None:
        """Load the decoder's modules."""
        self._tabs = {fused: "wasm", shared: "wasm", simd: "wasm", without: "javascript"}
        for tab in self._tabs:
            tab.evaluate(LOOK, [address("pickers/decoder.js"), address("pickers/decoder_wasm.js")])

    def decoded(self, decoder: bytes, codes: np.ndarray) -> Iterator[np.ndarray]:
        """Decode codes (N, D) with all builds of the fast engine, then with JavaScript.

        Yields:
            (N, H·W·C) float32 in [0, 1].
        """
        for tab, engine in self._tabs.items():
            used, pixels = tab.evaluate(DECODE, [as_url(decoder), codes.tolist()])
            assert used == engine
            yield np.array(pixels, np.float32)
