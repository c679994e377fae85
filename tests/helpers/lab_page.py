"""What a browser test does with any page of the app: open it, read its figures and its address."""

from urllib.parse import parse_qs, urlparse

from playwright.sync_api import FloatRect, Locator, Page

from pages.ui.widgets.component import address

# Streamlit opens and closes its expanders in half a second.
STILL = "() => document.getAnimations().every((each) => each.playState !== 'running')"
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
REST = "() => new Promise((rested) => requestIdleCallback(rested, { timeout: 2000 }))"
LIVE = f"async () => {{ window.live = await import('{address('pickers/live_decoder.js')}'); }}"


def open_page(page: Page, path: str) -> None:
    """Open a page and wait until all of it is drawn."""
    page.goto(path)
    # Streamlit's page is idle before its first run, too.
    page.wait_for_selector(
        "[data-testid=stMain] [data-testid=stElementContainer]", state="attached"
    )
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Wait until the script has ended and the browser has nothing left to draw.

    On a busy computer Streamlit's page tells the end of its script before it draws what came last.
    """
    page.wait_for_selector(IDLE)
    page.evaluate(REST)


def wait_for_decoders(page: Page, count: int = 1) -> None:
    """Wait until there are decoders in the page; ``window.live.decoders`` has them from then on."""
    page.evaluate(LIVE)  # the module that the page itself has
    page.wait_for_function("(count) => window.live.decoders.size >= count", arg=count)


def number_in(shown: str) -> float:
    """Return the number that a script of the page wrote, with a true minus sign."""
    return float(shown.replace("\N{MINUS SIGN}", "-"))


def metric(page: Page, label: str) -> Locator:
    """Return the large figure below a label."""
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def way_on(page: Page, words: str) -> Locator:
    """Return a link to another page once it can be followed: Streamlit's wait with ``disabled``."""
    return page.locator("[data-testid=stPageLink-NavLink]:not([disabled])", has_text=words)


def linked(page: Page, name: str) -> str:
    """Return what the address says under a name, "" if nothing."""
    return parse_qs(urlparse(page.url).query).get(name, [""])[0]


def box_of(shown: Locator) -> FloatRect:
    """Where something stands on the page, in CSS pixels."""
    box = shown.bounding_box()
    assert box is not None, "it is not to be seen"
    return box


def drag(page: Page, slider: Locator, start: float, end: float) -> None:
    """Press the mouse on a slider and move it, by shares of its width; the button stays down."""
    box = box_of(slider)
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=12)
