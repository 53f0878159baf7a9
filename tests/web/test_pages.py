"""Every page with the sample's data, on a phone, a laptop and a wide screen, light and dark."""

from __future__ import annotations

import pytest

PAGES = {
    "watch": ("#/watch", "BARC.L"),
    "instrument": ("#/instrument/AAPL?in=GBP&show=sma:20,rsi:14,macd,drawdown", "Price and currency"),
    "choose": ("#/instrument", "are on the watch list"),
    "compare": ("#/compare?symbols=AAPL&in=EUR,GBP", "Of the whole span"),
    "currencies": ("#/currencies?base=USD&quote=GBP", "have a rate"),
    "portfolio": ("#/portfolio", "stored nowhere"),
    "explain": ("#/explain?symbol=AAPL", "Splits, dividends"),
    "health": ("#/health", "Coverage of a year"),
    "account": ("#/account", "Who may do what"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_stays_at_home_stands_still_and_is_accessible(
    visit, site, name, width, scheme
) -> None:
    where, says = PAGES[name]
    seen = visit(width, scheme)
    if name == "health":
        seen.sign_in(site.key).go(where)
    else:
        seen.open(where)
    if name == "portfolio":
        seen.page.get_by_role("button", name="Try an example").click()
        seen.page.get_by_text("Not covered, and why").wait_for()
        seen.settled()
    assert says in seen.text()
    assert seen.complaints == []
    assert seen.strange == []
    assert seen.shift() < 0.1
    assert seen.faults() == []
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "the page scrolls sideways"
    )


def test_the_description_of_the_api_is_quiet_too(visit) -> None:
    seen = visit()
    seen.page.goto(f"{seen.base}/docs")
    seen.page.get_by_text("GET /v1/watch").wait_for()
    assert (seen.complaints, seen.strange) == ([], [])
