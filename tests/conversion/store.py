"""Rates, bars and actions put straight into a warehouse, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg

from ticker_converter.warehouse import instruments

LOADED = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Store:
    """A warehouse whose transaction is the test's."""

    conn: psycopg.Connection[Any]

    def empty(self) -> None:
        """Take back what was put in, and open the transaction that the next may be taken back with: a nested one
        commits when it is the first."""
        self.conn.rollback()
        self.conn.execute("SELECT 1")

    def load(self, known_from: datetime = LOADED) -> int:
        """A publish at `known_from`; its load_id."""
        row = self.conn.execute(
            "WITH run AS (INSERT INTO landing.run (command, state) VALUES ('test', 'done') RETURNING run_id)"
            " INSERT INTO landing.load (run_id, kind, known_from) SELECT run_id, 'load', %s FROM run"
            " RETURNING load_id", [known_from],
        ).fetchone()  # fmt: skip
        self.conn.execute(
            "UPDATE warehouse.state SET published_at = greatest(published_at, %s), version = version + 1",
            [known_from],
        )
        assert row is not None
        return int(row[0])

    def source(self, name: str, pivot: str | None = None, handmade: bool = True) -> int:
        """A source's id; one not known yet is a person's own."""
        self.conn.execute(
            "INSERT INTO warehouse.dim_source (source, pivot, handmade) VALUES (%s, %s, %s)"
            " ON CONFLICT (source) DO NOTHING", [name, pivot, handmade],
        )  # fmt: skip
        row = self.conn.execute(
            "SELECT source_id FROM warehouse.dim_source WHERE source = %s", [name]
        ).fetchone()
        assert row is not None
        return int(row[0])

    def rates(
        self, rows: Iterable[tuple[str, str, str, date | str, Decimal | str]], known_from: datetime = LOADED
    ) -> None:
        """Published rates: (source, base, quote, date, rate)."""
        given = list(rows)
        load = self.load(known_from)
        ids = {name: self.source(name) for name in {row[0] for row in given}}
        with self.conn.cursor().copy(
            "COPY warehouse.fact_fx_rate (source_id, base, quote, rate_date, rate, load_id, known_from) FROM STDIN"
        ) as copy:
            for source, base, quote, on, rate in given:
                copy.write_row((ids[source], base, quote, on, Decimal(rate), load, known_from))

    def revise(
        self, source: str, base: str, quote: str, on: date | str, rate: str, known_from: datetime
    ) -> None:
        """A correction of a published rate: the old one is kept as believed until `known_from`."""
        load = self.load(known_from)
        key = {"source": self.source(source), "base": base, "quote": quote, "on": on, "load": load,
               "at": known_from, "rate": Decimal(rate)}  # fmt: skip
        self.conn.execute(
            "INSERT INTO warehouse.fact_fx_rate_revision SELECT f.*, %(at)s, %(load)s FROM warehouse.fact_fx_rate AS f"
            " WHERE source_id = %(source)s AND base = %(base)s AND quote = %(quote)s AND rate_date = %(on)s", key,
        )  # fmt: skip
        self.conn.execute(
            "UPDATE warehouse.fact_fx_rate SET rate = %(rate)s, load_id = %(load)s, known_from = %(at)s"
            " WHERE source_id = %(source)s AND base = %(base)s AND quote = %(quote)s AND rate_date = %(on)s", key,
        )  # fmt: skip

    def instrument(self, symbol: str, unit: str, mic: str | None = None) -> int:
        """An instrument of the list."""
        return instruments.add(self.conn, symbol, unit=unit, mic=mic).instrument_id

    def unit_id(self, unit: str) -> int:
        """A price unit's id."""
        return instruments.unit_ids(self.conn)[unit]

    def bars(
        self, instrument: int, unit: str, rows: Sequence[Sequence[Any]], *, basis: str = "r",
        known_from: datetime = LOADED,
    ) -> None:  # fmt: skip
        """Bars: (date, open, high, low, close, volume)."""
        load, source = self.load(known_from), self.source("files")
        unit_id = self.unit_id(unit)
        with self.conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO warehouse.fact_price (instrument_id, session, load_id, source_id, unit_id, basis, open,"
                " high, low, close, volume) VALUES (%s, %s, %s, %s, %s, %s, %s::numeric, %s::numeric, %s::numeric,"
                " %s::numeric, %s::numeric)",
                [(instrument, row[0], load, source, unit_id, basis, *row[1:]) for row in rows],
            )
        self.conn.execute(
            "INSERT INTO warehouse.coverage SELECT %(id)s, min(session), max(session), count(*)"
            " FROM warehouse.fact_price WHERE instrument_id = %(id)s HAVING count(*) > 0"
            " ON CONFLICT (instrument_id) DO UPDATE SET first_session = excluded.first_session,"
            " last_session = excluded.last_session, bars = excluded.bars",
            {"id": instrument},
        )

    def split(
        self, instrument: int, ex_date: date | str, new: str, old: str = "1", kind: str = "split"
    ) -> None:
        """A split, or a spin-off's price factor."""
        self.conn.execute(
            "INSERT INTO warehouse.fact_corporate_action (instrument_id, source_id, kind, ex_date, new, old, load_id,"
            " known_from) VALUES (%s, %s, %s, %s, %s::numeric, %s::numeric, %s, %s)",
            [instrument, self.source("files"), kind, ex_date, new, old, self.load(), LOADED],
        )

    def dividend(
        self,
        instrument: int,
        ex_date: date | str,
        amount: str,
        unit: str,
        *,
        type: str = "",
        basis: str = "r",
    ) -> None:
        """A cash dividend per share as traded on the day."""
        self.conn.execute(
            "INSERT INTO warehouse.fact_corporate_action (instrument_id, source_id, kind, ex_date, type, amount,"
            " unit_id, basis, load_id, known_from) VALUES (%s, %s, 'dividend', %s, %s, %s::numeric, %s, %s, %s, %s)",
            [
                instrument,
                self.source("files"),
                ex_date,
                type,
                amount,
                self.unit_id(unit),
                basis,
                self.load(),
                LOADED,
            ],
        )


def walked(legs: Sequence[dict[str, Any]], origin: str, goal: str) -> Fraction:
    """The rate that a receipt's legs give, walked as a reader would: each leg starts where the last one ended."""
    at, rate = origin, Fraction(1)
    for leg in legs:
        assert at in (leg["base"], leg["quote"]), f"{leg} does not start at {at}"
        forward = at == leg["base"]
        if leg["use"] in ("direct", "inverse"):
            assert leg["use"] == ("direct" if forward else "inverse")
        rate = rate * Fraction(leg["rate"]) if forward else rate / Fraction(leg["rate"])
        at = leg["quote"] if forward else leg["base"]
    assert at == goal, f"the legs end at {at}, not {goal}"
    return rate


def close(found: Decimal | Fraction, exact: Fraction, within: Fraction = Fraction(1, 10**18)) -> bool:
    """Equal, relative to the exact value."""
    return abs(Fraction(found) - exact) <= abs(exact) * within
