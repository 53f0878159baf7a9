"""The publishers of rates: what was recorded of them, what each is asked, and what only looks like rates."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.providers.given import RECORDED, parse, payload, rates
from ticker_converter import providers
from ticker_converter.errors import Refused, Unreadable
from ticker_converter.market import currencies
from ticker_converter.providers import cassettes
from ticker_converter.providers.central_bank import moved, per
from ticker_converter.records import Window

#: Recorded conversation, rates of each answer (None: landed with a message), counted by other means.
RECORDINGS = {
    "boe": ("central_banks/boe.yml", [26 * 4]),
    "boc": ("central_banks/boc.yml", [23 * 5]),
    "norges_bank": ("central_banks/nb.yml", [36 * 7]),
    "cnb": ("central_banks/cnb.yml", [30 * 65]),
    "nbp": ("central_banks/nbp.yml", [32 * 4, 116, None]),
    "rba": ("central_banks/rba.yml", [14896]),
    "ecb": ("ecb/sdmx_csv_2025_cassette.yml", [8067]),
}
#: One published figure of each, and how it reads in the publisher's own words.
FIGURES = {
    "boe": ("boe.csv", "GBP", "JPY", "2026-03-19", "211.3327"),  # 1 pound = 211.3327 yen
    "boc": ("boc.json", "JPY", "CAD", "2026-03-12", "0.008550"),  # 1 yen = 0.008550 dollars
    "norges_bank": ("norges_bank.csv", "HUF", "NOK", "2026-03-16", "0.02857"),  # 100 forint = 2.857 kroner
    "cnb": ("cnb.json", "IDR", "CZK", "2026-01-02", "0.001233"),  # 1000 rupiah = 1.233 koruny
    "nbp": ("nbp_a.json", "IDR", "PLN", "2026-03-02", "0.00021385"),
    "rba": ("rba.csv", "AUD", "JPY", "2023-01-04", "89.08"),
    "ecb": ("ecb_sdmx.csv", "EUR", "AUD", "2025-01-02", "1.6618"),
    "frankfurter": ("frankfurter_v1.json", "EUR", "IDR", "2019-12-31", "15596"),
}
V2 = "https://api.frankfurter.dev/v2/rates"
FLAT = (
    '[{"date":"2024-01-12","base":"EUR","quote":"EUR","rate":1.0},'
    '{"date":"2024-01-12","base":"EUR","quote":"GBP","rate":0.8591}]'
)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_answer_has_its_rates(shared, name):
    file, expected = RECORDINGS[name]
    found = []
    for answer in cassettes.read(shared / file):
        parsed = parse(payload(name, answer.body, answer.url))
        found.append(None if parsed.message else rates(parsed).height)
        if not parsed.message:
            frame = rates(parsed)
            assert set(frame["source"]) == {name}
            assert frame["row"].to_list() == list(range(1, frame.height + 1))
            assert set(frame["base"]) | set(frame["quote"]) <= currencies.currencies().keys()
    assert found == expected


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_as_published_and_in_its_direction(name):
    file, base, quote, day, rate = FIGURES[name]
    frame = rates(parse(payload(name, RECORDED / file)))
    assert frame.filter(base=base, quote=quote, date=day)["rate"].to_list() == [rate]


@pytest.mark.parametrize("name", FIGURES)
def test_a_publisher_declares_a_pivot_that_is_in_every_rate(name):
    declared = providers.publisher(name)
    assert declared is not None and declared.pivot is not None and declared.fixing
    frame = rates(parse(payload(name, RECORDED / FIGURES[name][0])))
    assert all(declared.pivot in pair for pair in frame.select("base", "quote").iter_rows())


def test_the_data_portal_and_the_history_file_say_the_same(shared):
    with zipfile.ZipFile(shared / "ecb/eurofxref-hist_2026-04.zip") as archive:
        lines = archive.read("eurofxref-hist.csv").decode().splitlines()
    header = lines[0].split(",")
    table = {line.split(",")[0]: dict(zip(header, line.split(","), strict=True)) for line in lines[1:]}
    (answer,) = cassettes.read(shared / "ecb/sdmx_csv_2025_cassette.yml")
    frame = rates(parse(payload("ecb", answer.body, answer.url)))
    compared = [
        (quote, day) for quote, day, rate in frame.select("quote", "date", "rate").iter_rows()
        if day in table and Decimal(table[day][quote]) == Decimal(rate)
    ]  # fmt: skip
    assert len(compared) == frame.height == 8067


@pytest.mark.parametrize(
    ("rate", "units", "one"),
    [
        ("13.141", "100", "0.13141"), ("1.233", "1000", "0.001233"), ("13.797", "1", "13.797"),
        ("24.170", "10", "2.4170"), ("15", "100", "0.15"), ("1e-4", "100", "0.000001"), ("-5.5", "10", "-0.55"),
        (".5", "10", "0.05"), ("0", "100", "0.00"), (None, "100", None), ("", "100", ""), ("NaN", "100", "NaN"),
        ("5", "3", "5/3"), ("5", "0", "5/0"), ("5", "x", "5/x"), ("9" * 40, "1000", "9" * 37 + ".999"),
        ("0." + "1" * 58, "100", "0.00" + "1" * 58),
    ],
)  # fmt: skip
def test_what_many_units_cost_is_divided_without_loss(rate, units, one):
    assert per(rate, units) == one


def test_a_point_is_moved_either_way():
    assert [moved("2.5", places) for places in (2, 0, -3)] == ["0.025", "2.5", "2500"]


def test_indices_among_the_rates_are_no_rates():
    norges = rates(parse(payload("norges_bank", RECORDED / "norges_bank.csv")))
    assert set(norges["base"]) == {"HUF", "JPY", "USD", "XDR", "IDR"}
    rba = rates(parse(payload("rba", RECORDED / "rba.csv")))
    assert "XDR" in rba["quote"] and not {"SDR", "Index"} & set(rba["quote"])


def test_cells_that_say_nothing_are_no_rates():
    boe = b"DATE,XUDLUSS,XUDLERS\r\n17 Mar 2026,1.3343,\r\n18 Mar 2026,..,n/a\r\n"
    assert rates(parse(payload("boe", boe))).rows() == [(1, "GBP", "USD", "2026-03-17", "1.3343", "boe")]
    sdmx = b"FREQ,CURRENCY,TIME_PERIOD,OBS_VALUE\nD,USD,2025-01-02,NaN\nD,USD,2025-01-03,1.0299\n"
    assert rates(parse(payload("ecb", sdmx)))["date"].to_list() == ["2025-01-03"]
    boc = b'{"observations":[{"d":"2026-03-12","FXUSDCAD":{"v":""},"FXEURCAD":{"v":null},"FXGBPCAD":{"v":"1.8190"}}]}'
    assert rates(parse(payload("boc", boc)))["base"].to_list() == ["GBP"]


def test_an_unknown_series_keeps_its_own_name_for_the_judge():
    body = b"DATE,XUDLUSS,XUDLQQQ\n17 Mar 2026,1.3343,5.5\n"
    assert rates(parse(payload("boe", body)))["quote"].to_list() == ["USD", "XUDLQQQ"]


def test_columns_with_commas_and_of_other_names_do_no_harm():
    body = (
        b"KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,TITLE\n"
        b'EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2025-01-02,1.0321,"US dollar, euro"\n'
    )
    assert rates(parse(payload("ecb", body)))["rate"].to_list() == ["1.0321"]


ANNUAL = b"FREQ,CURRENCY,TIME_PERIOD,OBS_VALUE\nA,USD,2024,1.08\n"
MONTHLY = b"FREQ,BASE_CUR,QUOTE_CUR,TENOR,UNIT_MULT,TIME_PERIOD,OBS_VALUE\nM,USD,NOK,SP,0,2024-01,10.4\n"


@pytest.mark.parametrize(
    ("name", "body", "request_"),
    [
        ("ecb", b"", "https://data-api.ecb.europa.eu/service/data/EXR/D..EUR.SP00.A?startPeriod=2024-01-07"),
        ("norges_bank", b"", "https://data.norges-bank.no/api/data/EXR/B..NOK.SP?startPeriod=2024-01-07"),
        ("ecb", ANNUAL, "x"),
        ("norges_bank", MONTHLY, "x"),
        ("boc", b'{"observations":[{"d":"2026-03-01","FXMUSDCAD":{"v":"1.37"}}]}', "x"),
        ("boc", b'{"observations":[]}', "x"),
        ("cnb", b'{"rates":[]}', "https://api.cnb.cz/cnbapi/exrates/daily-year?year=2027"),
        ("cnb", b'{"averages":[{"currencyCode":"EUR"}]}', "x"),
        ("cnb", b'{"rates":[{"currencyCode":"AFN"}]}', "https://api.cnb.cz/cnbapi/fxrates/daily-month"),
        ("nbp", b"404 NotFound - Not Found - Brak danych", "x"),
        ("nbp", b'[{"data":"2026-03-02","cena":612.68}]', "x"),
        ("nbp", b'[{"effectiveDate":"2026-03-02","rates":[{"code":"EUR","bid":4.1,"ask":4.3}]}]', "x"),
        ("frankfurter", b'{"message":"not found"}', "x"),
        ("frankfurter", b'{"amount":100.0,"base":"EUR","date":"2024-01-12","rates":{"GBP":85.91}}', "x"),
        ("frankfurter", b'{"amount":1.0,"base":"USD","date":"2024-01-12","rates":{"GBP":0.78}}', "x"),
        ("frankfurter", FLAT.encode(), f"{V2}?date=2024-01-14&providers=ECB"),
        ("frankfurter", FLAT.encode(), f"{V2}?from=2024-01-14&group=week&providers=ECB"),
        ("frankfurter", FLAT.replace("EUR", "USD").encode(), f"{V2}?from=2024-01-14&base=USD&providers=ECB"),
    ],
)  # fmt: skip
def test_what_is_no_dated_rate_is_landed_with_a_message(name, body, request_):
    parsed = parse(payload(name, body, request_))
    assert parsed.message and not list(parsed.rates)


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        *((name, b"<!DOCTYPE html><html><body>Error</body></html>", Unreadable) for name in sorted(FIGURES)),
        *((name, b"", Unreadable) for name in sorted(FIGURES)),
        *((name, b"[" * 100_000, Unreadable) for name in ("boc", "cnb", "nbp", "frankfurter")),
        ("boe", b"DATE,XUDLUSS\n17 Mar 2026\n", Unreadable),
        ("boe", b"DATE,XUDLUSS,XUDLUSS\n17 Mar 2026,1,2\n", Unreadable),
        ("boe", b'DATE,XUDLUSS\n17 Mar 2026,"1\n', Unreadable),
        ("boc", b'{"message":"Series not found","docs":"https://example.org"}', Refused),
        (
            "boc",
            b'{"observations":[{"d":"2026-03-12","FXUSDCAD":{"v":"1.3"},"V39079":{"v":"2"}}]}',
            Unreadable,
        ),
        ("boc", b'{"observations":[{"d":"2026-03-12","FXUSDCAD":{"v":["1.3"]}}]}', Unreadable),
        ("norges_bank", MONTHLY + b"B,USD,NOK,SP,0,2024-01-02,10.4\n", Unreadable),
        ("norges_bank", MONTHLY.replace(b"M,USD", b"B,USD").replace(b"SP", b"6M"), Unreadable),
        (
            "ecb",
            b"FREQ,CURRENCY,CURRENCY_DENOM,TIME_PERIOD,OBS_VALUE\nD,USD,GBP,2025-01-02,1.2\n",
            Unreadable,
        ),
        ("cnb", b'{"description":"year: must be less than","errorCode":"VALIDATION_ERROR"}', Refused),
        ("cnb", b'{"rates":{"EUR":24.17}}', Unreadable),
        ("nbp", b"400 BadRequest - Przekroczony limit 93 dni", Refused),
        ("nbp", b'{"rates":5}', Unreadable),
        ("rba", b"Title,A$1=USD\nUnits,USD\n03-Jan-2023,0.68\n", Unreadable),
        (
            "rba",
            b"Title,A$1=USD\nFrequency,Daily\nUnits,JPY\nSeries ID,FXRUSD\n03-Jan-2023,0.68\n",
            Unreadable,
        ),
        ("frankfurter", FLAT.encode(), Unreadable),
        ("frankfurter", b'{"message":"invalid currency"}', Refused),
    ],
)
def test_what_only_looks_like_rates_says_so(name, body, error):
    with pytest.raises(error) as caught:
        list(parse(payload(name, body)).rates)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("told", ["", "providers=ECB,BOE", "providers=FED", "quotes=GBP"])
def test_a_blend_of_central_banks_has_no_publisher_and_is_refused(told):
    with pytest.raises(Unreadable, match="providers=ECB"):
        parse(payload("frankfurter", FLAT, f"{V2}?from=2024-01-12&{told}"))


def test_a_range_of_one_publisher_is_read_without_the_row_nobody_fixed():
    found = rates(parse(payload("frankfurter", FLAT, f"{V2}?base=EUR&from=2024-01-12&providers=ecb")))
    assert found.rows() == [(1, "EUR", "GBP", "2024-01-12", "0.8591", "frankfurter")]
    first = '{"amount":1,"base":"EUR","rates":{"2024-01-11":{"GBP":0.86},"2024-01-12":{"GBP":0.8591}}}'
    assert rates(parse(payload("frankfurter", first)))["date"].to_list() == ["2024-01-11", "2024-01-12"]


def asked(name, window, stored_until=None, **settings):
    return [
        call.url for call in providers.provider(name)(settings).calls("rates", None, window, stored_until)
    ]


MARCH = Window(date(2026, 3, 17), date(2026, 3, 20))


def test_what_is_asked_for_a_window_is_what_was_recorded(shared):
    """The recorded URLs, in whatever order their parameters stand."""
    assert asked("boc", MARCH) == [
        "https://www.bankofcanada.ca/valet/observations/group/FX_RATES_DAILY/json?start_date=2026-03-17&end_date=2026-03-20"
    ]
    for name in ("boe", "norges_bank", "cnb", "nbp", "rba"):
        recorded = [answer.url for answer in cassettes.read(shared / RECORDINGS[name][0])]
        window = {
            "boe": MARCH, "norges_bank": Window(date(2026, 3, 16), date(2026, 3, 24)),
            "nbp": Window(date(2026, 3, 1), date(2026, 3, 5)),
        }.get(name, MARCH)  # fmt: skip
        made = [sorted(url.replace("?", "&").split("&")) for url in asked(name, window)]
        assert made == [sorted(url.replace("?", "&").split("&")) for url in recorded][: len(made)], name


def test_a_window_longer_than_a_call_may_cover_is_asked_in_pieces():
    found = asked("nbp", Window(date(2025, 1, 1), date(2025, 7, 10)))
    assert [url.split("tables/")[1][:23] for url in found] == [
        "A/2025-01-01/2025-04-03", "B/2025-01-01/2025-04-03", "A/2025-04-04/2025-07-05", "B/2025-04-04/2025-07-05",
        "A/2025-07-06/2025-07-10", "B/2025-07-06/2025-07-10",
    ]  # fmt: skip
    years = asked("cnb", Window(date(2023, 12, 30), date(2025, 1, 2)))
    assert [url[-4:] for url in years] == ["2023", "2024", "2025"]


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"ecb"}))
def test_a_day_not_over_is_never_asked_beyond_and_the_last_weeks_are_asked_again(name):
    today = datetime.now(UTC).date()
    assert asked(name, Window(today + timedelta(days=5))) == []
    assert asked(name, Window(), today)
    assert providers.provider(name)({}).calls("prices", "IBM", Window(), None) == ()


def test_the_data_portal_is_asked_where_the_base_url_leads_to_it():
    portal = "https://data-api.ecb.europa.eu/service/data"
    (url,) = asked("ecb", MARCH, base_url=portal)
    assert url == (
        f"{portal}/EXR/D..EUR.SP00.A?format=csvdata&detail=dataonly&startPeriod=2026-03-17&endPeriod=2026-03-20"
    )
    (url,) = asked("ecb", Window(), base_url=portal)
    assert url.endswith("detail=dataonly")
