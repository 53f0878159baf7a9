"""What a person does on the pages, and that the figures shown are the server's own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import polars as pl
import psycopg

from ticker_converter.access import users


def exact(site: Any, path: str, **query: Any) -> Any:
    answer = httpx.get(site.url + path, params=query, headers={"X-API-Key": site.key})
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=str, parse_int=str)


def test_the_home_currency_is_switched_everywhere(visit, site) -> None:
    seen = visit().open("#/watch")
    seen.page.get_by_label("Home currency").select_option("JPY")
    seen.page.get_by_text("in JPY").wait_for()
    row = next(one for one in exact(site, "/v1/watch", currency="JPY")["watch"] if one["symbol"] == "AAPL")
    shown = seen.page.locator("tr", has_text="AAPL").locator(f"[title='{Decimal(row['value']):,}']")
    assert shown.inner_text() == f"{round(Decimal(row['value']), 2):,}"
    seen.go("#/instrument/AAPL")
    assert seen.page.locator("[data-drawn=JPY]").count() == 1
    seen.page.get_by_label("Home currency").select_option("GBP")
    seen.page.locator("[data-drawn=GBP]").wait_for()
    seen.page.get_by_label("Home currency").select_option("JPY")
    seen.page.locator("[data-drawn=JPY]").wait_for()
    seen.page.reload()
    assert seen.settled().page.get_by_label("Home currency").input_value() == "JPY"


def test_the_receipt_of_a_point_is_the_servers(visit, site) -> None:
    seen = visit().open("#/instrument/BARC.L?in=EUR&adjust=none")
    chart = seen.page.get_by_role("group", name="Prices of BARC.L")
    chart.focus()
    chart.press("End")
    chart.press("ArrowLeft")
    chart.press("Enter")
    seen.settled()
    (bar,) = exact(
        site,
        "/v1/prices/BARC.L",
        currency="EUR",
        receipts="true",
        **{"from": "2016-08-23", "to": "2016-08-23"},
    )["prices"]
    text = seen.page.locator("main").inner_text()
    assert "Receipt of 2016-08-23" in text
    assert f"= {bar['close']} EUR" in text
    assert bar["receipt"]["rate"] in text
    for leg in bar["receipt"]["legs"]:
        assert f"1 {leg['base']} = {leg['rate']} {leg['quote']} of {leg['date']}, {leg['source']}" in text


def test_a_click_on_the_chart_shows_a_receipt(visit) -> None:
    seen = visit().open("#/instrument/AAPL?in=GBP")
    chart = seen.page.locator(".chart")
    box = chart.bounding_box()
    assert box
    seen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    seen.page.get_by_text("Receipt of 2020-").wait_for()
    seen.settled()
    assert "Published" in seen.text()


def test_files_are_those_of_the_api(visit, site, tmp_path) -> None:
    seen = visit().open("#/instrument/AAPL?in=GBP&adjust=none")
    for name in ("CSV", "Parquet"):
        with seen.page.expect_download() as waiting:
            seen.page.get_by_role("button", name=name).click()
        waiting.value.save_as(tmp_path / name)
    plain = httpx.get(
        f"{site.url}/v1/prices/AAPL", params={"currency": "GBP", "adjust": "none", "format": "csv"}
    )
    assert (tmp_path / "CSV").read_bytes() == plain.content
    assert pl.read_parquet(tmp_path / "Parquet").height == plain.text.count("\n") - 1


def test_the_lines_beside_the_chart_ask_the_same(visit, site) -> None:
    seen = visit().open("#/instrument/AAPL?in=GBP&adjust=splits&interval=1w")
    lines = seen.page.locator(".copyable code").all_inner_texts()
    assert lines == [
        f"curl -s '{site.url}/v1/prices/AAPL?currency=GBP&adjust=splits&interval=1w'",
        "ticker-converter prices AAPL --in GBP --adjust splits --interval 1w",
        'ticker_converter.connect().prices("AAPL", currency="GBP", adjust="splits", interval="1w")',
    ]


def test_the_parts_of_a_change_add_up_on_the_page(visit) -> None:
    seen = visit().open("#/explain?symbol=AAPL&from=2020-07-01&to=2020-12-31")
    cells = seen.page.locator("table", has_text="Which means").locator("td.number").all_inner_texts()
    parts = [Decimal(one.replace("−", "-").replace(",", "")) for one in cells]
    assert len(parts) == 7 and sum(parts[:6]) == parts[6] != 0


def test_a_dropped_file_of_positions_is_valued(visit, site, tmp_path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("symbol,quantity\nAAPL,10\nCASH:USD;2.50\nNONE,1\nthis is no position\n")
    seen = visit().open("#/portfolio")
    seen.page.get_by_label("On", exact=True).fill("2020-12-31")
    seen.page.get_by_label("or choose a file").set_input_files(file)
    seen.page.get_by_text("Not covered, and why").wait_for()
    text = seen.settled().text()
    held = {"AAPL": "10", "CASH:USD": "2.50", "NONE": "1"}
    positions = [{"symbol": symbol, "quantity": quantity} for symbol, quantity in held.items()]
    body = {"currency": "EUR", "on": "2020-12-31", "positions": positions}
    found = json.loads(httpx.post(f"{site.url}/v1/valuation", json=body).content, parse_float=str)
    assert f"exactly {Decimal(found['total']):,}" in text
    assert "2 of 3 positions" in text and "the symbol is not on the list" in text
    assert "line 5: this is no position" in text


def test_a_held_row_is_accepted_and_leaves_the_list(visit, own_site) -> None:
    site, _ = own_site(working=True)
    seen = visit(of=site).sign_in(site.key).go("#/health")
    rows = seen.page.locator("details.card")
    assert rows.count() == 7
    rows.first.locator("summary").click()
    rows.first.get_by_label("Reason").fill("seen on the exchange's page")
    rows.first.get_by_role("button", name="Reject").click()
    seen.page.get_by_text("SSW.JO 2023-06-09").wait_for(state="detached")
    assert seen.settled().page.locator("details.card").count() == 6
    assert len(exact(site, "/v1/quarantine", state="rejected")) == 1


def test_what_was_not_yet_known_is_not_shown(visit, own_site) -> None:
    site, _ = own_site()
    seen = visit(of=site).open("#/instrument/AAPL")
    slider = seen.page.get_by_role("slider")
    assert slider.get_attribute("max") == "1"
    slider.focus()
    slider.press("ArrowLeft")
    seen.settled()
    at = exact(site, "/v1/known/AAPL")["times"][0]["known_at"]
    assert f"--known-at {at}" in seen.page.locator(".copyable code").all_inner_texts()[1]


def test_a_page_can_be_used_by_keyboard_alone(visit) -> None:
    seen = visit().open("#/watch")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.textContent") == "To the content"
    seen.page.get_by_role("link", name="AAPL").focus()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector("[data-name=instrument] h1")
    assert seen.page.evaluate("document.activeElement.textContent") == "AAPL"


def test_a_user_signs_in_acts_and_signs_out(visit, own_site) -> None:
    site, _ = own_site(JWT_SECRET_KEY="s" * 70 + "1")
    with psycopg.connect(site.database, autocommit=True) as conn:
        users.add(conn, "ann", "correct horse battery", ["read", "operate"])
    seen = visit(of=site).open("#/account")
    seen.page.get_by_label("Name").fill("ann")
    seen.page.get_by_label("Password").fill("correct horse battery")
    seen.page.locator("form", has_text="Password").get_by_role("button", name="Sign in").click()
    seen.page.get_by_text("Signed in: ann.").wait_for()
    assert "Coverage of a year" in seen.go("#/health").text()
    seen.page.get_by_role("button", name="Fetch what is missing").click()
    seen.page.get_by_text("Asked for at").wait_for()
    assert seen.page.evaluate("document.cookie") == ""  # no script reads the session
    seen.page.reload()  # the cookie stays
    assert "Coverage of a year" in seen.settled().text()
    seen.go("#/account").page.get_by_role("button", name="Sign out").click()
    seen.page.get_by_text("Nobody is signed in").wait_for()
    assert "No good credential" in seen.go("#/health").text()


def test_the_former_address_of_the_page_leads_to_the_instrument(visit) -> None:
    seen = visit()
    seen.page.goto(f"{seen.base}/?symbol=AAPL&currency=GBP")
    assert seen.settled().page.get_by_role("heading", name="AAPL").is_visible()
