"""Both engines of the decoder agree on any network; a page begins before the fast one is there."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ae_core.latent.browser_decoder import decoder_bytes, decoder_macs
from ae_core.models.shapes import infer_shapes, side_after
from ae_core.specs import CHOICES, AutoencoderSpec, Layer, parse_layers
from ae_core.specs.layers import KERNEL_SIZE
from pages.ui.widgets.component import address
from tests.browser.conftest import ISOLATED, NOWHERE, WITHOUT_FUSED, importing
from tests.helpers.engines import as_url
from tests.helpers.lab_page import open_page, wait_for_decoders

SIDES = st.integers(1, 9)
STRIDES = st.integers(1, 4)
ENGINE = "async (engine) => { await (await import(engine)).engine; }"
WITHOUT_WASM = "delete globalThis.WebAssembly"
MOST = 1600  # pixels of a picture or of any map before it


def convolutions(kind):
    return st.builds(
        Layer,
        st.just(kind),
        width=st.integers(1, 21),
        stride=STRIDES,
        padding=st.sampled_from(["same", "valid"]),
    )


MAP_LAYERS = st.one_of(
    convolutions("conv"),
    convolutions("convT"),
    st.builds(Layer, st.just("up"), stride=STRIDES),
    st.builds(Layer, st.just("pool"), stride=STRIDES),
)


@st.composite
def networks(draw):
    """Draw a spec and the shape of its pictures: a dense layer, a map, and up to four layers."""
    start = (draw(SIDES), draw(SIDES), draw(st.integers(1, 11)))
    layers = draw(st.lists(MAP_LAYERS, max_size=4))
    shape = [*start[:2], draw(st.sampled_from([1, 3]))]
    for layer in layers:
        shape[:2] = (side_after(layer, side) for side in shape[:2])
        assume(min(shape[:2]) >= 1 and math.prod(shape[:2]) <= MOST)
    spec = AutoencoderSpec(
        decoder=(Layer("dense", width=math.prod(start)), Layer("reshape", shape=start), *layers),
        latent_dim=draw(st.integers(1, 9)),
        activation=draw(st.sampled_from(CHOICES["activation"])),
        output_activation="linear",
    )
    return spec, tuple(shape)


def random_weights(spec, shape, rng):
    """Return weights that keep a layer's values about as large as those before it."""
    weights, channels = {}, spec.latent_dim
    layers = [each for each in infer_shapes(spec, shape) if each.part in ("decoder", "output")]
    for number, each in enumerate(layers):
        width = each.layer.width
        if each.parameters:
            name = "output" if each.part == "output" else f"decoder_{number}"
            area = () if each.layer.kind == "dense" else (KERNEL_SIZE, KERNEL_SIZE)
            sides = (width, channels) if each.layer.kind == "convT" else (channels, width)
            scale = 1 / math.sqrt(channels * math.prod(area))
            weights[f"{name}/kernel"] = rng.normal(0, scale, area + sides).astype(np.float32)
            weights[f"{name}/bias"] = rng.normal(0, 0.1, width).astype(np.float32)
        channels = each.shape[-1]
    weights["output/kernel"] *= np.float32(0.2)  # else most pixels would be black or white
    weights["output/bias"] += np.float32(0.5)
    return weights


@settings(max_examples=60, deadline=None)
@given(network=networks(), seed=st.integers(0, 1000))
def test_the_engines_agree_on_any_layers(engines, network, seed):
    spec, shape = network
    rng = np.random.default_rng(seed)
    weights = random_weights(spec, shape, rng)
    codes = rng.normal(0, 1, (2, spec.latent_dim)).astype(np.float32)
    *fast, slow = engines.decoded(decoder_bytes("any", spec, shape, weights, half=False), codes)
    for each in fast:
        np.testing.assert_allclose(each, slow, atol=1e-5 * slow.max(), rtol=0)


def test_a_browser_takes_the_fastest_engine_that_it_can_run(browser):
    taken = []
    ways = [(TWO, ISOLATED), *((script, NOWHERE) for script in ("", WITHOUT_FUSED, WITHOUT_WASM))]
    for script, origin in ways:
        with browser.new_page() as tab:
            tab.add_init_script(script)
            importing(tab, origin)
            tab.on("request", lambda request: taken.append(request.url.rpartition("/")[2]))
            tab.evaluate(ENGINE, address("pickers/decoder_wasm.js"))
    assert [each for each in taken if each.endswith(".wasm")] == [
        "decoder_wasm_shared.wasm",
        "decoder_wasm_fused.wasm",
        "decoder_wasm.wasm",
    ]


BEGIN = """async ([bytes, decoder]) => {
  const live = await import(decoder);
  const early = live.unpack(new Uint8Array(await (await fetch(bytes)).arrayBuffer()));
  const code = new Float32Array(early.latent_dim).fill(0.5);
  window.drawn = () => [early.engine, Array.from(live.decode(early, code))];
  return window.drawn();
}"""
ARRIVED = "async (engine) => { await (await import(engine)).engine; return window.drawn(); }"


def test_the_first_picture_waits_for_no_engine(browser):
    """It begins in JavaScript, and the decoder changes over when the engine has arrived."""
    spec = AutoencoderSpec(latent_dim=4)
    weights = random_weights(spec, (6, 5, 1), np.random.default_rng(0))
    made = decoder_bytes("any", spec, (6, 5, 1), weights, half=False)
    decoder, engine = (address(f"pickers/{name}.js") for name in ("decoder", "decoder_wasm"))
    with browser.new_page() as tab:
        importing(tab)
        held = []
        tab.route("**/*.wasm", lambda route: held.append(route))
        with tab.expect_request("**/*.wasm"):
            before = tab.evaluate(BEGIN, [as_url(made), decoder])
        held[0].fallback()
        after = tab.evaluate(ARRIVED, engine)
    assert (before[0], after[0]) == ("javascript", "wasm")
    np.testing.assert_allclose(after[1], before[1], atol=1e-5)


def test_the_app_s_own_page_decodes_with_the_fast_engine(page):
    """Its headers allow the file and the compiling of it."""
    open_page(page, "/latent_space?model=toy-faces-vae")
    wait_for_decoders(page)
    page.wait_for_function("() => [...window.live.decoders.values()][0].engine === 'wasm'")


# --- two threads -----------------------------------------------------------------------------

# Of strides and of Winograd's method, with few filters at the end, of more than 20 M multiply-adds.
LARGE = {
    "transposed": "dense4096, reshape8x8x64, convT128/2, convT96/2, convT32/2",
    "squares": "dense1024, reshape16x16x4, conv64, up2, convT64, conv96, up2, conv64",
    "uneven": "dense8000, reshape10x10x80, convT131/3, conv61/2, up2",
}
SIDE = {"transposed": 64, "squares": 64, "uneven": 30}
TWO = "Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 });"  # processors
# A worker begins only when the page is not busy.
HEARD = """window.heard = new Promise((hear) => {
  window.Worker = class extends Worker {
    constructor(...about) { super(...about); this.onmessage = hear; }
  };
});"""
FIRST = """async ([name, bytes, decoder, engine]) => {
  const live = await import(decoder);
  await (await import(engine)).engine;
  window[name] = live.unpack(new Uint8Array(await (await fetch(bytes)).arrayBuffer()));
}"""
AGAIN = """async ([name, decoder, codes, times]) => {
  const { decode } = await import(decoder);
  const found = codes.map((code) => decode(window[name], code).slice());
  for (let i = 0; i < times; i++) {
    const pixels = decode(window[name], codes[i % codes.length]);
    if (pixels.some((each, p) => each !== found[i % codes.length][p])) return `the ${i}th differs`;
  }
  return found.map((each) => Array.from(each));
}"""
SCRIPTS = [address(f"pickers/{name}.js") for name in ("decoder", "decoder_wasm")]


@pytest.fixture
def isolated(browser, server):
    """An empty page of a real server: a page's own routes are not for its workers."""
    with browser.new_page() as tab:
        tab.add_init_script(TWO + HEARD)
        tab.goto(f"{server.url}/_stcore/health")
        yield tab


@pytest.mark.parametrize("kind", LARGE)
def test_two_threads_draw_bit_by_bit_what_one_draws(scripts, isolated, kind):
    spec = AutoencoderSpec(decoder=parse_layers(LARGE[kind]), latent_dim=8)
    shape, rng = (SIDE[kind], SIDE[kind], 3), np.random.default_rng(0)
    assert decoder_macs(spec, shape) > 20e6
    made = decoder_bytes("any", spec, shape, random_weights(spec, shape, rng), half=False)
    codes = rng.normal(0, 1, (3, 8)).tolist()
    for tab in (scripts, isolated):
        tab.evaluate(FIRST, [kind, as_url(made), *SCRIPTS])
    isolated.evaluate("window.heard")
    one, two = (
        tab.evaluate(AGAIN, [kind, SCRIPTS[0], codes, times])
        for tab, times in ((scripts, 0), (isolated, 100))
    )
    assert two == one


def test_the_second_thread_ends_with_its_decoder(isolated):
    spec = AutoencoderSpec(decoder=parse_layers(LARGE["transposed"]), latent_dim=8)
    weights = random_weights(spec, (64, 64, 1), np.random.default_rng(0))
    made = decoder_bytes("any", spec, (64, 64, 1), weights, half=True)
    with isolated.expect_worker() as second:
        isolated.evaluate(FIRST, ["large", as_url(made), *SCRIPTS])
    devtools = isolated.context.new_cdp_session(isolated)
    with second.value.expect_event("close"):
        isolated.evaluate("window.large = undefined")
        devtools.send("HeapProfiler.collectGarbage")


def test_a_small_decoder_needs_no_second_thread(isolated):
    spec = AutoencoderSpec(latent_dim=4)
    weights = random_weights(spec, (6, 5, 1), np.random.default_rng(0))
    made = decoder_bytes("any", spec, (6, 5, 1), weights, half=False)
    isolated.evaluate(FIRST, ["small", as_url(made), *SCRIPTS])
    assert isolated.evaluate(AGAIN, ["small", SCRIPTS[0], [[0.5] * 4], 1])
    assert isolated.workers == []
