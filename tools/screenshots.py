"""Pictures of the web app for the docs, of a served sample: `python -m tools.screenshots URL --key tc_...`.

The key needs the scope `operate`; without one the page of data health is left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.browser import Scheme, Visit, launched

FOLDER = Path(__file__).parents[1] / "docs" / "images"
#: Name, address, width, colours.
SHOTS: tuple[tuple[str, str, int, Scheme], ...] = (
    ("watch", "#/watch", 1280, "light"),
    ("watch-wide", "#/watch", 1920, "light"),
    ("watch-phone", "#/watch", 390, "dark"),
    ("instrument", "#/instrument/AAPL?in=GBP&show=sma:20,drawdown", 1280, "light"),
    ("instrument-dark", "#/instrument/AAPL?in=GBP&show=sma:20,rsi:14", 1280, "dark"),
    ("instrument-phone", "#/instrument/BARC.L?in=EUR", 390, "light"),
    ("compare", "#/compare?symbols=AAPL&in=EUR,GBP", 1280, "light"),
    ("currencies", "#/currencies?base=USD&quote=GBP", 1280, "light"),
    ("portfolio", "#/portfolio", 1280, "light"),
    ("explain", "#/explain?symbol=AAPL", 1280, "dark"),
    ("health", "#/health", 1280, "light"),
    ("account", "#/account", 1280, "light"),
)


def main() -> None:
    """Write every picture that can be taken."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--key")
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, launched(playwright) as browser:
        for name, where, width, scheme in SHOTS:
            if name == "health" and not given.key:
                continue
            window = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
            seen = Visit(window.new_page(), given.url.rstrip("/"))
            if name == "health":
                seen.sign_in(given.key).go(where)
            else:
                seen.open(where)
            if name == "portfolio":
                seen.page.get_by_role("button", name="Try an example").click()
                seen.page.get_by_text("Not covered, and why").wait_for()
                seen.settled()
            if name == "instrument":
                seen.page.get_by_role("group", name="Prices of AAPL").press("End")
                seen.page.get_by_role("group", name="Prices of AAPL").press("Enter")
                seen.settled()
            seen.page.screenshot(
                path=FOLDER / f"{name}.jpg", type="jpeg", quality=60, full_page=name == "instrument"
            )
            window.close()
            print(name)


if __name__ == "__main__":
    main()
