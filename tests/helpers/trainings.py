"""Runs that have ended, for tests that look at one and do not care how it came about."""

import re
import time

from playwright.sync_api import BrowserContext, Page

from ae_core.runs.store import RunStore
from tests.helpers.lab_page import linked, open_page

EPOCHS = 12
SMALL = f"preset=digits-dense&image_size=8&epochs={EPOCHS}"
# The settings of runs that several tests look at.
MAPPED = f"{SMALL}&latent_dim=2"
NOISY = f"{SMALL}&noise_kind=gaussian&noise_amount=0.2"
PATIENCE = 120


class Trainings:
    """Trains each settings once, through the page, as a visitor who does nothing else."""

    def __init__(self, store: RunStore) -> None:
        """Train nothing yet."""
        self._store = store
        self._runs: dict[str, str] = {}
        self._cookies: list = []

    def __call__(self, page: Page, settings: str) -> str:
        """Return the id of an ended run with these settings, which `page` does not own."""
        if settings not in self._runs:
            self._runs[settings] = self._train(page, settings)
        return self._runs[settings]

    def let_own(self, page: Page) -> None:
        """Make a page that is opened from now on the page of the visitor who trained them all."""
        self._as_owner(page.context)

    def _train(self, page: Page, settings: str) -> str:
        self._as_owner(page.context)
        open_page(page, f"/train?{settings}")
        page.get_by_test_id("stBaseButton-primary").click()
        page.wait_for_url(re.compile("run=[0-9a-f]{12}"))
        run, self._cookies = linked(page, "run"), page.context.cookies()
        page.goto("about:blank")  # a page that follows the run costs a third of a core
        page.context.clear_cookies()
        deadline = time.monotonic() + PATIENCE
        while not self._store.has_ended(run):
            assert time.monotonic() < deadline, f"{settings} does not end"
            time.sleep(0.05)
        return run

    def _as_owner(self, context: BrowserContext) -> None:
        context.clear_cookies()
        context.add_cookies(self._cookies)
