"""Damaged recordings loaded into a database: no crash, no bad row in the warehouse, a reason for every row held.

`make test-long` reads, judges and stores 100,000 payloads and more, otherwise it is a few of each kind.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

import hypothesis
import polars as pl
import psycopg
import pytest

from tests.providers.seeds import AWKWARD, SEEDS
from tests.support import tally
from tests.support.writing import conn, listed
from ticker_converter import providers
from ticker_converter.errors import TickerConverterError
from ticker_converter.landing import payloads
from ticker_converter.pipeline import Run
from ticker_converter.records import Parsed, Payload
from ticker_converter.validate import ORDER

__all__ = ["conn"]
LONG = hypothesis.settings.get_current_profile_name() == "long"
#: Of each kind: loaded each by itself, and loaded together, so many at once.
ALONE, TOGETHER, DOZENS = (24, -(-100_000 // (len(SEEDS) - 1)), 48) if LONG else (6, 24, 12)

#: What no stored row may be, whatever was sent. A comparison with NaN holds in PostgreSQL, so it is named.
BAD = {
    "a price that is none": "SELECT count(*) FROM warehouse.fact_price WHERE NOT (close > 0 AND close < 'Infinity') "
    "OR open <= 0 OR high <= 0 OR low <= 0 OR 'NaN' IN (open, high, low, close, volume)",
    "a close outside": "SELECT count(*) FROM warehouse.fact_price WHERE high < low OR close > high OR close < low",
    "a volume below zero": "SELECT count(*) FROM warehouse.fact_price WHERE volume < 0 OR volume = 'Infinity'",
    "a day to come": "SELECT count(*) FROM warehouse.fact_price WHERE session > current_date + 1",
    "a rate that is none": "SELECT count(*) FROM warehouse.fact_fx_rate WHERE NOT (rate > 0 AND rate < 'Infinity') "
    "OR base = quote OR rate_date > current_date + 1",
    "a currency that is none": "SELECT count(*) FROM warehouse.fact_fx_rate AS r WHERE NOT EXISTS ("
    "SELECT FROM warehouse.dim_currency AS c WHERE c.code = r.base) OR NOT EXISTS ("
    "SELECT FROM warehouse.dim_currency AS c WHERE c.code = r.quote)",
    "an action that is none": "SELECT count(*) FROM warehouse.fact_corporate_action WHERE "
    "coalesce(amount, new) <= 0 OR 'NaN' IN (amount, new, old) OR 'Infinity' IN (amount, new, old)",
    "a held row without a reason": "SELECT count(*) FROM landing.quarantine WHERE reason = '' OR evidence = '{}'",
    "a payload that was not settled": "SELECT count(*) FROM landing.delivery WHERE state = 'landed'",
}


def damage(rng: random.Random, whole: bytes) -> bytes:
    """The bytes with one to four changes, and often with another number in the place of one."""
    data = whole
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(data))
        end = min(len(data), start + rng.choice([0, 1, 2, 5, 20, 200]))
        match rng.randrange(7):
            case 0:
                data = data[:start] + data[end:]
            case 1:
                data = data[:start] + rng.choice(AWKWARD) + data[end:]
            case 2:
                data = data[:start] + rng.randbytes(rng.randint(0, 12)) + data[end:]
            case 3:
                data = data[:end] + data[start:end] + data[end:]
            case 4 if start < len(data):
                data = data[:start] + bytes([data[start] ^ rng.randint(1, 255)]) + data[start + 1 :]
            case _:
                digits = [n for n in range(len(data)) if 48 <= data[n] <= 57]
                if digits:
                    at = rng.choice(digits)
                    what = rng.choice([b"0", b"9", b"-", b".", b"e9", b"NaN", b"inf", b"", b"99999"])
                    data = data[:at] + what + data[at + 1 :]
    return data


def mutants(seed: str, number: int) -> Iterator[Payload]:
    """Damaged payloads of a kind, ever others: `TICKER_CONVERTER_TEST_SEED` repeats what a failure names."""
    provider, whole, request, options = SEEDS[seed]
    chance = int(os.environ.get("TICKER_CONVERTER_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"TICKER_CONVERTER_TEST_SEED={chance}")  # noqa: T201
    rng, told = random.Random(chance), {"unit": "USD", **options}
    for _ in range(number):
        yield Payload(provider, request, datetime.now(UTC), damage(rng, whole), symbol="IBM", options=told)


@pytest.fixture
def market(conn: psycopg.Connection) -> psycopg.Connection:
    """A database that lists what the payloads are about."""
    for symbol in ("IBM", "MSFT", "A", "TSCO.L"):
        listed(conn, symbol)
    return conn


@pytest.mark.generated
@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_payloads_leave_nothing_bad_in_the_warehouse(seed: str, market: psycopg.Connection) -> None:
    with Run(market, "import", {}) as run:
        for payload in mutants(seed, ALONE):
            _loaded(run, payload)
    _nothing_bad(market, run)


@pytest.mark.generated
@pytest.mark.slow
@pytest.mark.parametrize("seed", [name for name in SEEDS if name != "parquet"])
def test_damaged_payloads_loaded_together_leave_nothing_bad(seed: str, market: psycopg.Connection) -> None:
    """Most of a payload's time is its transaction, so what parses is loaded by the dozen, each with symbols and
    sources of its own. Parquet is not among them: polars aborts the process at one damaged file in 7,500."""
    refused = rows = 0
    with Run(market, "import", {}) as run:
        for group in _groups(mutants(seed, TOGETHER), DOZENS):
            read: list[tuple[Payload, Parsed]] = []
            for payload in group:
                try:
                    parsed = providers.provider(payload.provider).parse(payload)
                    parsed = replace(
                        parsed, bars=list(parsed.bars), rates=list(parsed.rates), actions=list(parsed.actions)
                    )
                except TickerConverterError as error:
                    refused += 1
                    assert str(error) and "\n" not in str(error), payload.body
                else:
                    rows += sum(frame.height for frame in (*parsed.bars, *parsed.rates, *parsed.actions))
                    read.append((payload, parsed))
            _load_together(run, read)
    if LONG:
        tally.checked(TOGETHER, asked=TOGETHER)
    print(f"{TOGETHER} payloads, {refused} refused; {rows} rows, {run.report.counts}")  # noqa: T201
    _nothing_bad(market, run)


def _groups(payloads: Iterator[Payload], size: int) -> Iterator[list[Payload]]:
    while group := list(islice(payloads, size)):
        yield group


def _load_together(run: Run, read: Sequence[tuple[Payload, Parsed]]) -> None:
    """Load them as one payload; if that is refused, halves of it, down to the one that is refused."""
    if len(read) == 1:
        _loaded(run, read[0][0])
    if len(read) < 2:
        return
    first = read[0][0]
    merged = Parsed(
        bars=_merged(parsed.bars for _, parsed in read),
        rates=_merged(parsed.rates for _, parsed in read),
        actions=_merged(parsed.actions for _, parsed in read),
        listings=[
            replace(listing, symbol=_own(listing.symbol, number))
            for number, (_, parsed) in enumerate(read)
            for listing in parsed.listings
        ],
    )
    body = b"\n".join(payload.read() for payload, _ in read)
    payload = Payload(first.provider, "together", datetime.now(UTC), body, options=first.options)
    delivery = payloads.land(run.conn, run.report.run_id, payload)
    try:
        run.report.counts += run._transaction(delivery, merged, 1, "load")[0]
    except TickerConverterError as error:
        assert str(error) and "\n" not in str(error), body
        payloads.settle(run.conn, delivery.delivery_id, "unreadable", 1, str(error))
        _load_together(run, read[: len(read) // 2])
        _load_together(run, read[len(read) // 2 :])


def _merged(parts: Iterable[Iterable[pl.DataFrame]]) -> list[pl.DataFrame]:
    """Frames of many payloads as one, each with names and rows of its own."""
    frames, rows = [], 0
    for number, part in enumerate(parts):
        for frame in part:
            told = "source" if "source" in frame.columns else "symbol"
            names = frame[told].unique().to_list()
            own = {name: _own("IBM" if name is None and told == "symbol" else name, number) for name in names}
            frames.append(
                frame.with_columns(
                    pl.col(told).replace_strict(own, return_dtype=pl.String), pl.col("row") + rows
                )
            )
            rows = int(frames[-1]["row"].max() or rows)  # type: ignore[arg-type]
    return [pl.concat(frames, how="diagonal")] if frames else []


def _own(name: str, number: int) -> str:
    if not name or not name[0].isalnum():
        return name
    letters = f"Q{number}"
    return (letters.lower() if name[0].islower() else letters) + name


def _loaded(run: Run, payload: Payload) -> None:
    try:
        run.load_all([payload])
    except TickerConverterError as error:
        assert str(error) and "\n" not in str(error), payload.body


def _nothing_bad(conn: psycopg.Connection, run: Run) -> None:
    assert run.report.counts.balanced(), run.report.counts
    found = {what: (conn.execute(query).fetchone() or (0,))[0] for what, query in BAD.items()}  # type: ignore[call-overload]
    assert not {what: n for what, n in found.items() if n}
    reasons = {reason for (reason,) in conn.execute("SELECT DISTINCT reason FROM landing.quarantine")}
    assert reasons <= set(ORDER)
    if run.report.counts.quarantined:
        assert reasons
