"""Take the README's screenshots from a running app: ``make screenshots``.

Only image sets that the repository may show are in them: digits and toy faces.
"""

import sys

from playwright.sync_api import Page, sync_playwright

from ae_core.storage.files import ROOT
from tests.helpers.chromium import chromium_path
from tests.helpers.lab_page import open_page, wait_for_decoders, wait_until_drawn

FOLDER = ROOT / "assets" / "screenshots"


def main(url: str) -> None:
    """Visit every page and save what a visitor sees."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=url)
        page.set_default_timeout(120_000)
        open_page(page, "/")
        _save(page, "home")
        open_page(page, "/lessons?lesson=04-better-than-jpeg&guess=100")
        page.get_by_text("The autoencoder wins easily").wait_for()
        _save(page, "lesson")
        open_page(page, "/train?preset=toy-faces-vae&channels=3&epochs=4")
        page.get_by_text("Cartoon faces").wait_for()
        _save(page, "set-up")
        page.get_by_test_id("stBaseButton-primary").click()
        page.get_by_text("3 / 4").wait_for()
        _save(page, "watch")
        page.get_by_text("Finished").wait_for()
        open_page(page, "/reconstruct?model=toy-faces-vae&picture=3")
        page.get_by_text("PCA").first.wait_for()
        _save(page, "reconstruct")
        open_page(page, "/denoise?picture=4&noise_amount=0.2")
        page.locator(".wipe").wait_for()
        _save(page, "denoise")
        open_page(page, "/latent_space?model=toy-faces-vae")
        wait_for_decoders(page)
        _save(page, "latent")
        open_page(page, "/latent_space?model=toy-faces-vae&view=Directions")
        chart = page.get_by_text("Which latent variable encodes which property")
        chart.wait_for()
        chart.evaluate("element => element.scrollIntoView()")
        _save(page, "directions")
        open_page(page, "/measure?model=toy-faces-vae")
        page.get_by_text("bytes a picture").first.wait_for()
        _save(page, "measure")
        open_page(page, "/own_pictures")
        page.get_by_label("Name of the set").fill("Handwriting of class 7b")
        page.get_by_role("button", name="Create set").click()
        page.locator("canvas").first.wait_for()
        wait_until_drawn(page)
        _draw_a_two(page)
        _save(page, "own-pictures")
        browser.close()


def _draw_a_two(page: Page) -> None:
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None  # it is on the screen
    points = ((0.3, 0.35), (0.38, 0.22), (0.55, 0.18), (0.68, 0.3), (0.62, 0.48), (0.3, 0.8))
    for place, (x, y) in enumerate((*points, (0.72, 0.8))):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if not place:
            page.mouse.down()
    page.mouse.up()


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # for pictures and charts to be painted
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8501")
