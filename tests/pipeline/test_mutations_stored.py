"""Damaged recordings loaded into a database: no crash, no bad row in the warehouse, a reason for every row held.

`HYPOTHESIS_PROFILE=long` reads, judges and stores 100,000 payloads, otherwise it is a few of each kind;
TICKER_CONVERTER_TEST_MUTATIONS says how many.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime

import hypothesis
import psycopg
import pytest

from tests.providers.test_mutations import AWKWARD, SEEDS
from tests.support.writing import conn, listed
from ticker_converter.errors import TickerConverterError
from ticker_converter.pipeline import Run
from ticker_converter.records import Payload

__all__ = ["conn"]
LONG = hypothesis.settings.get_current_profile_name() == "long"
EACH = int(os.environ.get("TICKER_CONVERTER_TEST_MUTATIONS") or (-(-100_000 // len(SEEDS)) if LONG else 12))

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


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_payloads_leave_nothing_bad_in_the_warehouse(seed: str, conn: psycopg.Connection) -> None:
    provider, whole, request, options = SEEDS[seed]
    for symbol in ("IBM", "MSFT", "A", "TSCO.L"):
        listed(conn, symbol)
    number = random.SystemRandom().randrange(10**6)
    print(f"seed {number}")  # noqa: T201
    rng, loaded = random.Random(number), 0
    with Run(conn, "import", {}) as run:
        for _ in range(EACH):
            body = damage(rng, whole)
            payload = Payload(
                provider, request, datetime.now(UTC), body, symbol="IBM", options={"unit": "USD", **options}
            )
            try:
                run.load_all([payload])
                loaded += 1
            except TickerConverterError as error:
                assert str(error) and "\n" not in str(error), (number, body)
    assert run.report.counts.balanced(), (number, run.report.counts)
    found = {what: (conn.execute(query).fetchone() or (0,))[0] for what, query in BAD.items()}  # type: ignore[call-overload]
    assert not {what: n for what, n in found.items() if n}, number
