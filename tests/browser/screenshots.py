"""Take the README's screenshots from a running app: ``make screenshots``.

Only image sets that the repository may show are in them: digits and toy faces.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "screenshots"
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


def main(url: str) -> None:
    """Visit every page and save what a visitor sees."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=url)
        page.set_default_timeout(120_000)
        _open(page, "/")
        _save(page, "home")
        _open(page, "/train?preset=toy-faces-vae&epochs=4")
        page.get_by_text("Cartoon faces").wait_for()
        _save(page, "set-up")
        page.get_by_test_id("stBaseButton-primary").click()
        page.get_by_text("3 / 4").wait_for()
        _save(page, "watch")
        page.get_by_text("Finished").wait_for()
        _open(page, "/reconstruct?model=toy-faces-vae&picture=3")
        page.get_by_text("PCA").first.wait_for()
        _save(page, "reconstruct")
        _open(page, "/denoise?model=toy-faces-vae&source=Test set&picture=3&amount=0.1")
        page.get_by_text("Draw the line across").wait_for()
        _save(page, "denoise")
        _open(page, "/latent_space?model=toy-faces-vae")
        page.wait_for_function("() => window.autoencoderLab?.decoders.size > 0")
        _save(page, "latent")
        _open(page, "/latent_space?model=toy-faces-vae&view=Directions")
        chart = page.get_by_text("Which number knows what")
        chart.wait_for()
        chart.evaluate("element => element.scrollIntoView()")
        _save(page, "directions")
        browser.close()


def _open(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector(IDLE)


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # for pictures and charts to be painted
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8501")
