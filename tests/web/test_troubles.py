"""No data, a server that stopped, a session that is over, an act that is refused: each page says what to do."""

from __future__ import annotations

import psycopg
import pytest

from ticker_converter.access import keys
from ticker_converter.api import access

PAGES = [
    "#/watch",
    "#/instrument",
    "#/instrument/AAPL",
    "#/compare",
    "#/currencies",
    "#/portfolio",
    "#/explain",
    "#/health",
]


@pytest.mark.parametrize("where", PAGES)
def test_without_data_a_page_says_how_to_bring_some(visit, own_site, where) -> None:
    site, _ = own_site(empty=True)
    seen = visit(of=site).sign_in(site.key).go(where)
    text = seen.text()
    ways = [
        "import",
        "`sync`",
        "ticker-converter list",
        "Nothing is on the watch list",
        "watch list says how",
        "Give at least one line",
        "No rate",
        "Positions are valued",
    ]
    assert any(one in text for one in ways), text
    # a refusal is an answer that the browser notes in its console; nothing else is there
    assert all("status of 404" in one for one in seen.complaints), seen.complaints
    assert seen.faults() == []


def test_a_stopped_server_is_named_and_can_be_tried_again(visit, own_site) -> None:
    site, stack = own_site()
    seen = visit(of=site).open("#/watch")
    assert "BARC.L" in seen.text()
    stack.close()
    seen.page.get_by_label("Home currency").select_option("GBP")
    alert = seen.page.get_by_role("alert")
    alert.wait_for()
    assert "ticker-converter serve" in alert.inner_text()
    assert alert.get_by_role("button", name="Try again").is_visible()
    assert seen.faults() == []


def test_a_session_that_is_over_leads_to_the_sign_in(visit, own_site, monkeypatch) -> None:
    monkeypatch.setattr(access, "FRESH", 0.0)  # a revoked key is believed no longer
    site, _ = own_site(API_ANONYMOUS_READ="false")
    seen = visit(of=site).sign_in(site.key).go("#/watch")
    assert "BARC.L" in seen.text()
    with psycopg.connect(site.database, autocommit=True) as conn:
        keys.revoke(conn, site.key.split("_")[1])
    seen.page.get_by_label("Home currency").select_option("GBP")
    alert = seen.page.get_by_role("alert")
    alert.wait_for()
    assert "Your session is over" in alert.inner_text()
    alert.get_by_role("link", name="Sign in").click()
    seen.page.get_by_role("heading", name="Sign in").wait_for()


def test_without_a_credential_a_guarded_page_says_how_to_get_one(visit) -> None:
    seen = visit().open("#/health")
    alert = seen.page.get_by_role("alert")
    assert "ticker-converter key create --scopes read,operate" in alert.inner_text()
    assert alert.get_by_role("link", name="Sign in").is_visible()


def test_what_a_key_may_not_do_is_said_with_the_scope(visit, own_site) -> None:
    site, _ = own_site()
    with psycopg.connect(site.database, autocommit=True) as conn:
        reader = keys.create(conn, ["read"])["key"]
    seen = visit(of=site).sign_in(str(reader)).go("#/health")
    text = seen.page.get_by_role("alert").inner_text()
    assert "operate" in text and "does not allow" in text


def test_a_wrong_answer_to_a_held_row_is_refused_in_words(visit, own_site) -> None:
    site, _ = own_site(working=True)
    seen = visit(of=site).sign_in(site.key).go("#/health")
    row = seen.page.locator("details.card").first
    row.locator("summary").click()
    row.get_by_label("Reason").fill("rand, not cents")
    row.get_by_role("button", name="Rescale").click()
    alert = row.get_by_role("alert")
    alert.wait_for()
    assert "factor" in alert.inner_text()


def test_an_unknown_symbol_and_an_unknown_currency_are_named(visit) -> None:
    seen = visit().open("#/instrument/NOT.THERE")
    assert "NOT.THERE is not on the list" in seen.text()
    seen.open("#/currencies?base=XXQ&quote=GBP")
    assert "XXQ" in seen.page.get_by_role("alert").first.inner_text()
