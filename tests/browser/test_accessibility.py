"""axe-core, which knows the rules of WCAG, finds nothing on any page and view."""

from pathlib import Path

import pytest

from ae_core.storage.files import ROOT
from tests.helpers.app_page import LATENT_VIEWS
from tests.helpers.lab_page import STILL, open_page
from tests.helpers.lab_server import LAPTOP, PHONE

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run()).violations.flatMap((rule) => rule.nodes.map(
  (node) => `${rule.id}: ${node.target} ${node.any.map((each) => each.message)} ${node.html}`))"""
TABLET = {"viewport": {"width": 820, "height": 1180}, "color_scheme": "light"}
VIEWS = (
    "/",
    "/lessons",
    "/lessons?lesson=01-what-is-an-autoencoder",
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


def violations(page, screen) -> list[str]:
    """What axe finds on a screen of another size and other colours."""
    page.set_viewport_size(screen["viewport"])
    page.emulate_media(color_scheme=screen["color_scheme"])
    page.wait_for_function(STILL)
    return page.evaluate(RUN)


@pytest.mark.parametrize("address", VIEWS)
def test_nothing_bars_the_way(page, address):
    open_page(page, address)
    page.evaluate(Path(AXE).read_text())
    try:
        found = [*violations(page, LAPTOP), *violations(page, TABLET), *violations(page, PHONE)]
    finally:
        page.set_viewport_size(LAPTOP["viewport"])
        page.emulate_media(color_scheme=LAPTOP["color_scheme"])
    assert not found, "\n".join(found)
