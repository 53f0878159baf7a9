"""Publishers of rates through the whole pipeline: identity, judging, conversion; a second time changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import psycopg
import pytest

from tests.support.command import Cli
from tests.support.writing import at, counts, held, load, rates, snapshot
from ticker_converter import providers
from ticker_converter.errors import Usage
from ticker_converter.providers import cassettes
from ticker_converter.records import Payload, Publisher
from ticker_converter.warehouse import instruments

RECORDED = Path(__file__).parents[1] / "recorded" / "providers"
RECORDINGS = {
    "boe": "central_banks/boe.yml", "boc": "central_banks/boc.yml", "norges_bank": "central_banks/nb.yml",
    "cnb": "central_banks/cnb.yml", "nbp": "central_banks/nbp.yml", "rba": "central_banks/rba.yml",
    "ecb": "ecb/sdmx_csv_2025_cassette.yml",
}  # fmt: skip
DECLARED = "SELECT pivot, time_zone, final_at, fixing, handmade FROM warehouse.dim_source WHERE source = %s"


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recorded_conversation_loads_whole_and_a_second_time_changes_nothing(
    conn: psycopg.Connection, shared: Path, name: str
) -> None:
    answers = [
        Payload(name, one.url, one.received_at or datetime.now(UTC), one.body)
        for one in cassettes.read(shared / RECORDINGS[name])
    ]
    report = load(conn, *answers)
    assert report.counts.read == report.counts.inserted > 0
    before = snapshot(conn)
    again = load(conn, *answers)
    assert again.counts.read == again.counts.unchanged == report.counts.read
    assert snapshot(conn) == before
    declared = providers.publisher(name)
    assert declared is not None
    assert conn.execute(DECLARED, (name,)).fetchone() == (
        declared.pivot, declared.time_zone, declared.final_at, declared.fixing, False
    )  # fmt: skip


def _boe(conn: psycopg.Connection, fetched_at: str) -> dict[str, int]:
    body = b"DATE,XUDLUSS\n17 Jul 2026,1.3343\n"
    return counts(load(conn, Payload("boe", "recorded", at(fetched_at), body)))


def test_a_rate_is_final_by_its_publishers_own_clock(conn: psycopg.Connection) -> None:
    assert _boe(conn, "2026-07-17T14:59") == {"quarantined": 1}  # 15:59 in London, in summer
    assert held(conn) == [("GBP/USD", "2026-07-17", "session_open")]
    assert _boe(conn, "2026-07-17T15:00") == {"inserted": 1}
    assert held(conn) == []


def test_a_code_that_is_no_currency_is_held(conn: psycopg.Connection) -> None:
    body = b"DATE,XUDLUSS,XUDLQQQ\n17 Mar 2026,1.3343,5.5\n"
    assert counts(load(conn, Payload("boe", "recorded", at("2026-03-18"), body))) == {
        "inserted": 1,
        "quarantined": 1,
    }
    assert held(conn) == [("GBP/XUDLQQQ", "2026-03-17", "unknown_currency")]


def test_an_amount_that_is_no_power_of_ten_is_held_as_it_was_published(conn: psycopg.Connection) -> None:
    body = b'{"rates":[{"currencyCode":"JPY","amount":3,"validFor":"2026-03-17","rate":0.4}]}'
    assert counts(load(conn, Payload("cnb", "recorded", at("2026-03-18"), body))) == {"quarantined": 1}
    assert held(conn) == [("JPY/CZK", "2026-03-17", "not_a_number")]


def test_a_publisher_of_a_third_party_declares_itself(conn: psycopg.Connection) -> None:
    swiss = Publisher("CHF", "Europe/Zurich", timedelta(hours=11), "11:00 Europe/Zurich")
    made = instruments.source_id(conn, "snb", False, swiss)
    assert conn.execute(DECLARED, ("snb",)).fetchone() == (
        "CHF", "Europe/Zurich", timedelta(hours=11), "11:00 Europe/Zurich", False
    )  # fmt: skip
    later = Publisher("CHF", "Europe/Zurich", timedelta(hours=12), "12:00 Europe/Zurich")
    assert instruments.source_id(conn, "snb", False, later) == made
    assert conn.execute("SELECT final_at FROM mart.source WHERE source = 'snb'").fetchone() == (
        timedelta(hours=12),
    )


@pytest.mark.parametrize(
    "wrong", [Publisher("SWF"), Publisher(time_zone="Europe/Bern"), Publisher(time_zone="../x")]
)
def test_a_declaration_of_what_does_not_exist_is_refused(conn: psycopg.Connection, wrong: Publisher) -> None:
    with pytest.raises(Usage, match="provider acme declares what does not exist"):
        instruments.source_id(conn, "acme", False, wrong)


def test_a_name_that_a_file_used_first_becomes_the_publishers(conn: psycopg.Connection) -> None:
    rates(conn, ["GBP,USD,2026-03-16,1.33"], source="boe")
    assert conn.execute(DECLARED, ("boe",)).fetchone() == (
        "GBP", "Europe/London", timedelta(hours=16), "about 16:00 Europe/London", False
    )  # fmt: skip
    rates(conn, ["GBP,USD,2026-03-16,1.34"], source="treasury")
    assert conn.execute(DECLARED, ("treasury",)).fetchone() == (None, "UTC", timedelta(hours=24), None, True)


@pytest.mark.parametrize("last", ["USD,JPY", "EUR,USD", "EUR,JPY"])
def test_a_triangle_is_seen_whichever_leg_comes_last(conn: psycopg.Connection, last: str) -> None:
    legs = {"EUR,USD": "1.1", "USD,JPY": "150", "EUR,JPY": "165"}
    known = [f"{pair},2024-01-0{day},{rate}" for day in (2, 3) for pair, rate in legs.items()]
    rates(conn, [row for row in known if not row.startswith(f"{last},2024-01-03")], source="alpha_vantage")
    wrong = str(Fraction(legs[last]) * 2) if "." not in legs[last] else "2.2"
    rates(conn, [f"{last},2024-01-03,{wrong}"], source="alpha_vantage")
    assert held(conn) == [(last.replace(",", "/"), "2024-01-03", "triangle")]


def test_conversions_cross_through_each_banks_own_currency(cli: Cli, shared: Path) -> None:
    """The expected figures are worked out from the published tables by hand, as fractions."""
    for name in ("boe", "norges_bank", "cnb"):
        assert cli("import", "payload", "--provider", name, shared / RECORDINGS[name]).code == 0
    expected = {
        # 1 pound = 1.3359 dollars = 1.1602 euro on 19 March
        "boe": (
            Fraction("1.1602") / Fraction("1.3359"),
            [("GBP", "USD", "inverse"), ("GBP", "EUR", "direct")],
        ),
        "norges_bank": (None, [("USD", "NOK", "direct"), ("EUR", "NOK", "inverse")]),
        "cnb": (None, [("USD", "CZK", "direct"), ("EUR", "CZK", "inverse")]),
    }
    tables = {
        "norges_bank": _norges(shared), "cnb": _cnb(shared),
    }  # fmt: skip
    for name, (rate, legs) in expected.items():
        done = cli("convert", 100, "USD", "EUR", "--on", "2026-03-19", env={"FX_SOURCES": name})
        assert done.code == 0, done.stderr
        receipt = done.json["receipt"]
        assert (receipt["source"], receipt["rate_date"]) == (name, "2026-03-19")
        assert [(leg["base"], leg["quote"], leg["use"]) for leg in receipt["legs"]] == legs
        exact = rate if rate is not None else tables[name]["USD"] / tables[name]["EUR"]
        assert abs(Fraction(str(done.json["result"])) - 100 * exact) <= Fraction(1, 10**6)
    forint = cli("convert", 1000, "HUF", "GBP", "--on", "2026-03-19", env={"FX_SOURCES": "cnb,boe"})
    assert forint.json["receipt"]["source"] == "cnb"
    worth = 1000 * tables["cnb"]["HUF"] / tables["cnb"]["GBP"]
    assert abs(Fraction(str(forint.json["result"])) - worth) <= Fraction(1, 10**6)
    known = {row["code"]: row for row in cli("currencies", "--format", "json").json}
    assert {one["source"] for one in known["HUF"]["sources"]} == {"boe", "cnb", "norges_bank"}


def _norges(shared: Path) -> dict[str, Fraction]:
    (answer,) = cassettes.read(shared / RECORDINGS["norges_bank"])
    rows = [line.split(",") for line in answer.body.decode().split() if ",2026-03-19," in line]
    return {row[1]: Fraction(row[9]) / 10 ** int(row[6]) for row in rows}


def _cnb(shared: Path) -> dict[str, Fraction]:
    (answer,) = cassettes.read(shared / RECORDINGS["cnb"])
    stated = json.loads(answer.body, parse_float=Fraction)["rates"]
    return {
        one["currencyCode"]: Fraction(one["rate"]) / one["amount"]
        for one in stated
        if one["validFor"] == "2026-03-19"
    }
