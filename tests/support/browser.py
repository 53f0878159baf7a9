"""A real Chromium on a page of ours, and what it saw: errors, requests, layout shifts, what axe-core finds."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Playwright

Scheme = Literal["light", "dark"]

#: Names the program, or is 1 to have it looked for. Without it the tests of the web app are left to `make test-web`.
VARIABLE = "TICKER_CONVERTER_TEST_BROWSER"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
AXE = Path(__file__).parents[1] / "web" / "axe" / "axe.min.js"

#: Before any script of the page: adds up layout shifts and keeps the largest contentful paint.
WATCH = """
window.seen = { shift: 0, lcp: 0 };
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.seen.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => { window.seen.lcp = list.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
"""


def program() -> str:
    """Where Chromium is; FileNotFoundError where it is not."""
    asked = os.environ.get(VARIABLE, "1")
    found = shutil.which("chromium" if asked == "1" else asked) or shutil.which("chromium-browser")
    if found is None:
        raise FileNotFoundError("no chromium: apt-get install chromium, or name it in " + VARIABLE)
    return found


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
    try:
        yield browser
    finally:
        browser.close()


class Visit:
    """One window on the app at `base`, and everything it complained about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        self.strange: list[str] = []
        page.add_init_script(WATCH)
        page.on(
            "console",
            lambda one: self.complaints.append(one.text) if one.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda one: self.complaints.append(str(one)))
        page.on("request", lambda one: None if self._ours(one.url) else self.strange.append(one.url))

    def _ours(self, url: str) -> bool:
        return url.startswith((self.base + "/", "data:", "blob:")) or url == self.base

    def open(self, where: str) -> Visit:
        """Load a page from nothing, and wait until it has drawn."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.base}/{where}")
        return self.settled()

    def go(self, where: str) -> Visit:
        """Another page of the app, without loading anew: who is signed in stays."""
        self.page.evaluate("(where) => { location.hash = where; }", where.removeprefix("#"))
        name = re.split("[/?]", where.removeprefix("#/"))[0]
        self.page.wait_for_selector(f"main [data-name={name}] h1")
        return self.settled()

    def settled(self) -> Visit:
        """Wait until nothing is asked of the server and nothing is busy."""
        self.page.wait_for_selector("main h1")
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_selector("main [aria-busy]", state="detached")
        return self

    def sign_in(self, key: str) -> Visit:
        """With a key, as a person types it."""
        self.open("#/account")
        self.page.get_by_label("Key", exact=True).fill(key)
        self.page.get_by_role("button", name="Use it").click()
        self.page.get_by_text("Signed in").wait_for()
        return self

    def text(self) -> str:
        """What can be read in the middle of the page."""
        return re.sub(r"\s+", " ", self.page.inner_text("main"))

    def shift(self) -> float:
        """Layout shifts since the page was loaded, those after an input left out."""
        found: float = self.page.evaluate("window.seen.shift")
        return found

    def faults(self) -> list[str]:
        """What axe-core calls serious or critical, one line each."""
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        return [
            f"{one['id']}: {one['help']}: {node['html'][:160]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"][:3]
        ]
