"""axe-core, which knows the rules of WCAG, finds nothing on any page and view, and all fits in."""

import pytest

from ae_core.storage.files import ROOT
from tests.helpers.app_page import LATENT_VIEWS
from tests.helpers.at_home import at_home, taken_home
from tests.helpers.lab_page import STILL, open_page
from tests.helpers.lab_server import LAPTOP, PHONE
from tests.helpers.trainings import MAPPED

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
# The role of the area for a file is Streamlit's own, and it works with a keyboard.
# Again until it finds nothing, at most so long: a component is empty until its script is loaded.
RUN = """async (patience) => {
  const end = performance.now() + patience;
  for (;;) {
    const found = (await axe.run({ exclude: [["[data-testid=stFileUploaderDropzone]"]] }))
      .violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.any.map((each) => each.message)} ${node.target} ${node.html}`));
    if (!found.length || performance.now() > end) return found;
    await new Promise((go) => setTimeout(go, 100));
  }
}"""
SOON = 10_000  # ms
# What is to be seen in each menu.
MENUS = {
    "Share": "input[readonly]",
    "Take home": "[data-testid=stDownloadButton]",
    "Bring back": "[data-testid=stFileUploader]",
}
# A page that is wider than its window, and a choice of which one has to scroll to see all.
CUT = """async (patience) => {
  const end = performance.now() + patience;
  for (;;) {
    const main = document.querySelector("[data-testid=stMain]");
    const found = [main, ...main.querySelectorAll("[data-testid=stButtonGroup] [role]")]
      .filter((each) => each.scrollWidth > each.clientWidth + 1)
      .map((each) => `${each.scrollWidth} of ${innerWidth} px: ${each.textContent.slice(0, 80)}`);
    if (!found.length || performance.now() > end) return found;
    await new Promise((go) => setTimeout(go, 50)); // a chart is fitted in later
  }
}"""
TABLET = {"viewport": {"width": 820, "height": 1180}, "color_scheme": "light"}
# The smallest phone, a laptop at 200 %, a large screen.
SIZES = ((360, 740), (640, 400), (1920, 1080))
DARK, LIGHT = {"color_scheme": "dark"}, {"color_scheme": "light"}
SCREENS = (LAPTOP, LAPTOP | DARK, TABLET, TABLET | DARK, PHONE, PHONE | LIGHT)
VIEWS = (
    "/",
    "/lessons",
    "/lessons?lesson=01-what-is-an-autoencoder",
    "/lessons?lesson=01-what-is-an-autoencoder&step=2",
    "/train",
    "/train?view=Compare",
    "/reconstruct",
    "/reconstruct?source=Draw",
    "/reconstruct?source=Upload",
    "/denoise",
    "/denoise?task=Clean this photo as it is&size=Colour",
    *(f"/latent_space?view={view}" for view in LATENT_VIEWS),
    "/measure",
    "/measure?view=Unknown",
    "/own_pictures",
    "/classroom",
)


def violations(page, screens) -> list[str]:
    """What axe finds on screens of other sizes and with other colours."""
    page.evaluate(AXE)
    found = []
    try:
        for screen in screens:
            page.set_viewport_size(screen["viewport"])
            page.emulate_media(color_scheme=screen["color_scheme"])
            page.wait_for_function(STILL)
            found += page.evaluate(RUN, SOON)
    finally:
        page.set_viewport_size(LAPTOP["viewport"])
        page.emulate_media(color_scheme=LAPTOP["color_scheme"])
    return found


def cut_off(page) -> list[str]:
    """What does not fit into windows from the smallest phone's to a large screen's."""
    found = []
    try:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(STILL)
            found += page.evaluate(CUT, SOON)
    finally:
        page.set_viewport_size(LAPTOP["viewport"])
    return found


@pytest.mark.samples(2)
@pytest.mark.parametrize("address", VIEWS)
def test_nothing_bars_the_way_and_nothing_is_cut_off(page, address):
    open_page(page, address)
    assert not (found := [*violations(page, [LAPTOP, PHONE]), *cut_off(page)]), "\n".join(found)


@pytest.mark.thorough
def test_nothing_bars_the_way_to_a_run(page, trained):
    open_page(page, f"/train?run={trained(page, MAPPED)}")
    assert not (found := violations(page, [LAPTOP, PHONE])), "\n".join(found)


@pytest.mark.thorough
@pytest.mark.parametrize("menu", ["Share", "Take home", "Bring back"])
def test_nothing_bars_the_way_in_a_menu(page, menu):
    open_page(page, "/latent_space?model=toy-faces-vae")
    page.get_by_role("button", name=menu).click()
    page.locator(MENUS[menu]).wait_for()
    assert not (found := violations(page, [LAPTOP, PHONE])), "\n".join(found)


def test_nothing_bars_the_way_in_what_goes_home(page, browser, tmp_path):
    file = taken_home(page, "/latent_space?model=toy-faces-vae", tmp_path)
    with at_home(browser, file) as tab:
        assert not (found := violations(tab, [LAPTOP, PHONE])), "\n".join(found)


@pytest.mark.recipes
@pytest.mark.parametrize("address", VIEWS)
def test_nothing_bars_the_way_on_any_screen(page, address):
    open_page(page, address)
    assert not (found := violations(page, SCREENS)), "\n".join(found)
