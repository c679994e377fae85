"""The Chromium that tests, benchmarks and screenshots start."""

import shutil

# The first one draws the same pages without a window of its own: for three quarters of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Return the path of the system's Chromium; None for the one that Playwright installs."""
    return next(filter(None, map(shutil.which, NAMES)), None)
