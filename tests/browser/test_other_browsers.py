"""Not only Chromium: every page draws, and what is moved, drawn and uploaded has its answer."""

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from pages.ui.widgets.component import address, script, version
from tests.helpers.firefox import firefox
from tests.helpers.lab_page import IDLE
from tests.helpers.other_browsers import Box, Tab
from tests.helpers.webkit import webkit

pytestmark = pytest.mark.thorough
LIVE = ("Sliders", "Map", "Walk", "Directions", "Match")  # decoded in the page
IMAGE = "[data-testid=stMain] img"
# Of each page, what a visitor looks at first.
MAIN_PICTURES = {
    "/": "canvas.face",
    "/lessons?lesson=01-what-is-an-autoencoder": ".pixels .grid",
    "/lessons?lesson=01-what-is-an-autoencoder&step=2": ".live-code canvas",
    "/train": ".hourglass",
    "/reconstruct": IMAGE,
    "/denoise": ".wipe",
    **{f"/latent_space?view={view}": ".pictures canvas" for view in LIVE},
    "/latent_space?view=Samples": IMAGE,
    "/latent_space?view=Posterior": ".st-key-posterior-map .js-plotly-plot",
    "/measure": ".js-plotly-plot",
}
ADDRESS = "() => location.href"
WRONG = "[data-testid=stException], [data-testid=stAlertContentError], .no-connection, .no-webgl"


@pytest.fixture(scope="module", params=["Firefox", "WebKit"])
def started(request, server, tmp_path_factory) -> Iterator[Tab]:
    start = {"Firefox": firefox, "WebKit": webkit}[request.param]
    with start(tmp_path_factory.mktemp("browser"), server.url) as tab:
        yield tab


@pytest.fixture
def tab(started) -> Iterator[Tab]:
    """A browser's tab; an error in a page's console, or one that the page shows, fails the test."""
    yield started
    assert started.texts(WRONG) == []
    assert started.complaints() == []


def open_page(tab: Tab, path: str) -> None:
    tab.open(f"{path}{'&' if '?' in path else '?'}lang=en")
    tab.box("[data-testid=stMain] [data-testid=stElementContainer]")
    wait_until_idle(tab)


# Components of the same kind begin one soon after the other, while the first still loads.
BEGIN = """(script, count) => {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const found = [];
  const begin = async () => {
    const about = await import(address).then((each) => typeof each.default).catch(String);
    if (found.push(about) === Number(count)) window.found = [...new Set(found)];
  };
  for (let each = 0; each < count; each++) setTimeout(begin, each);
}"""


def test_every_component_of_a_kind_has_its_script(tab):
    open_page(tab, "/classroom")
    not_yet_known = script("latent/map.js").replace(version(), "another")
    tab.run(BEGIN, not_yet_known, "40")
    assert tab.until(lambda: tab.run("() => window.found"), "no script comes") == ["function"]


def wait_until_idle(tab: Tab) -> None:
    tab.until(lambda: tab.run("(idle) => !!document.querySelector(idle)", IDLE), "it is not idle")


@pytest.mark.parametrize("path", MAIN_PICTURES)
def test_every_page_draws_its_picture(tab, path):
    open_page(tab, path)
    tab.picture(MAIN_PICTURES[path])


# From the page's own module: what decodes the picture.
LOOK = """(from) => {
  import(new URL(from, location.origin).href).then(({ decoders }) => {
    window.engine = () => [...decoders.values()][0]?.engine;
  });
}"""


def test_it_decodes_with_webassembly(tab):
    open_page(tab, "/latent_space?view=Sliders")
    tab.run(LOOK, address("pickers/live_decoder.js"))
    tab.until(lambda: tab.run("() => window.engine?.() === 'wasm'"), "it decodes in JavaScript")


@pytest.mark.parametrize(("view", "slider"), [("Sliders", ".rows input"), ("Map", "canvas.map")])
def test_the_picture_follows_the_hand(tab, view, slider):
    open_page(tab, f"/latent_space?view={view}")
    tab.picture(".pictures canvas")
    place, shares = tab.box(slider), [0.3, 0.4, 0.5, 0.6, 0.7]
    for pointer in tab.pointers:
        before, address = tab.drawn(".pictures canvas"), tab.run(ADDRESS)
        stroke(tab, place, [(share, 0.5) for share in shares], pointer)
        wait_for_another(tab, before)
        tab.release(pointer)
        wait_for_link(tab, address)
        shares.reverse()


def wait_for_another(tab: Tab, picture: str) -> None:
    tab.until(lambda: tab.drawn(".pictures canvas") != picture, "the picture stays as it is")


def wait_for_link(tab: Tab, address: str) -> None:
    """Wait until the server has heard of what was moved: a page that is left has sent all."""
    tab.until(lambda: tab.run(ADDRESS) != address, "the server does not hear of it")
    wait_until_idle(tab)


def stroke(tab: Tab, place: Box, points: list[tuple[float, float]], pointer: str) -> None:
    """Move a pointer over something, by shares of its width and height; it stays down."""
    first, *others = (place.at(x, y) for x, y in points)
    tab.press(*first, pointer)
    for each in others:
        tab.move(*each, pointer)


def draw_a_digit(tab: Tab, pointer: str) -> None:
    place = tab.box(".drawing canvas[aria-label]")  # its script has run
    stroke(tab, place, [(0.5, share) for share in (0.2, 0.35, 0.5, 0.65, 0.8)], pointer)
    tab.release(pointer)


def figure(tab: Tab, label: str) -> str:
    """Return a large figure, "" while it is not there."""
    found = tab.texts("[data-testid=stMetric]")
    return next((text.removeprefix(label) for text in found if text.startswith(label)), "")


def test_a_digit_that_is_drawn_is_reconstructed(tab):
    for pointer in tab.pointers:
        open_page(tab, "/reconstruct?source=Draw")
        draw_a_digit(tab, pointer)
        tab.until(lambda: "dB" in figure(tab, "PSNR"), "there is no reconstruction")
        wait_until_idle(tab)
        tab.picture(IMAGE)


def test_a_photo_that_is_uploaded_is_shown(tab, tmp_path):
    path = tmp_path / "photo.png"
    ramp = np.linspace(0, 255, 240, dtype=np.uint8)
    across, down = np.broadcast_arrays(ramp, ramp[:, np.newaxis])
    Image.fromarray(np.dstack([across, down, across])).save(path)
    open_page(tab, "/denoise?source=Upload")
    tab.upload(path)
    tab.picture(".crop img")
    tab.picture(".wipe")
    wait_until_idle(tab)


def test_a_picture_of_ones_own_set_is_kept(tab):
    open_page(tab, "/own_pictures")
    tab.click("[data-testid=stBaseButton-primary]")
    draw_a_digit(tab, tab.pointers[-1])
    tab.click("button:enabled", "Keep this one")
    tab.picture(".picker img")
    wait_until_idle(tab)


def test_a_class_is_opened(tab):
    open_page(tab, "/classroom")
    tab.click("button", "Open a class")
    tab.picture("[data-testid=stImage] img")
    wait_until_idle(tab)
