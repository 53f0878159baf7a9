"""What a large file's short ways store, hold and count is what the long way does; and they are taken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.writing import BARS, actions, at, bars, counts, file, listed, load, snapshot, weekdays
from tests.trust import acting
from ticker_converter import acts, validate
from ticker_converter.errors import TickerConverterError
from ticker_converter.pipeline import Report, Run
from ticker_converter.providers import files_read
from ticker_converter.records import Payload
from ticker_converter.validate import screen
from ticker_converter.warehouse import bulk, instruments

NOW = at("2024-01-12T12:00")
#: Sessions of New York and of two years, New Year, a weekend, a day not over and one to come.
DAYS = [*weekdays("2023-12-20", 12), "2024-01-06", "2024-01-08", "2024-01-11", "2024-01-12", "2024-01-15"]
FINE = ["10,11,9,10,100", "10,11,9,10.5,100", "10.0,11.00,9,10.50,100", "10,10,10,10,", "9.5,11,9,10,0"]
JUMPS = ["1000,1100,900,1000,5", "0.1,0.1,0.1,0.1,5", "700,700,700,700,5", "10,10.123456789012,9,10,5"]
FAULTS = [
    "10,11,9,12,5", "10,9,11,10,5", ",11,9,10,5", "10,11,9,x,5", "10,11,9,10,-1", "10,11,9,10,many", "12,11,9,10,5",
    "0,11,0,10,5", "10,1000,9,10,5", "1e1,11,9,10,5", "+10,11,9,10,5", "NaN,11,9,10,5", "10,11,9,-10,5",
]  # fmt: skip
_numbers = itertools.count(1)


@contextmanager
def long_way() -> Iterator[None]:
    """Every file is staged as a small one is."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulk, "LARGE", 10**9)
        yield


@contextmanager
def short_ways(piece: int = 300, longest: int = 100) -> Iterator[None]:
    """Every file is taken for a large one, of many pieces."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulk, "LARGE", 1)
        patched.setattr(bulk, "LONGEST", longest)
        patched.setattr(files_read, "CHUNK", piece)
        yield


SERIES = st.tuples(
    st.integers(0, 3),
    st.lists(st.integers(0, len(DAYS) - 1), min_size=1, max_size=12, unique=True).map(sorted),
    st.lists(st.sampled_from([*FINE * 8, *JUMPS, *FAULTS, "007,11,07,10,5"]), min_size=12, max_size=12),
)
FILE = st.tuples(
    st.lists(SERIES, min_size=1, max_size=5),
    st.sampled_from([None, None, None, "rows", "days"]),
    st.sampled_from(["import"] * 6 + [
        "known", "accept", "reject", "rescale", "split", "replay", "correct", "release", "undo", "unit", "unit later",
        "exchange", "preferred", "cut over", "shadow", "other", "other", "remove", "admit",
    ]),
)  # fmt: skip


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(st.lists(FILE, min_size=1, max_size=4), st.sampled_from(["XNYS", None]), st.sampled_from([100, 4]))
def test_short_and_long_ways_end_alike(
    pair: tuple[psycopg.Connection, psycopg.Connection],
    steps: list[tuple[list[tuple[int, list[int], list[str]]], str | None, str]],
    mic: str | None,
    longest: int,
) -> None:
    number, ended = next(_numbers), []
    for conn, way in zip(pair, (long_way(), short_ways(longest=longest)), strict=True):
        with way:
            told = [_step(conn, number, place, *step, mic) for place, step in enumerate([*steps, steps[0]])]
        ended.append((told, snapshot(conn, exact=False), _quarantine(conn), _moves(conn)))
    assert ended[0] == ended[1]


def _step(
    conn: psycopg.Connection, number: int, place: int, series: list[tuple[int, list[int], list[str]]],
    order: str | None, act: str, mic: str | None,
) -> object:  # fmt: skip
    rows = [
        f"P{number}.{symbol},{DAYS[day]},{said}" for symbol, days, cells in series
        for day, said in zip(days, cells, strict=False)
    ]  # fmt: skip
    if order == "rows":
        rows = rows[::2] + rows[1::2]
    elif order == "days":
        rows.sort(key=lambda row: row.split(",")[1])
    reports: list[Report] = []
    if act == "split":
        reports.append(
            actions(conn, [f"P{number}.{series[0][0]},2024-01-04,split,100"]) if place else Report(0)
        )
    elif act == "replay":
        with Run(conn, "replay", {}) as run:
            reports.append(run.replay("files", NOW))
    elif act in ("accept", "reject", "rescale"):
        _answer(conn, act)
    elif act in ACTS and place:
        with suppress(
            TickerConverterError
        ):  # there may be nothing of it yet: then not on the other way either
            ACTS[act](conn, f"P{number}.{series[0][0]}", DAYS[series[0][1][0]])
    known = at("2024-01-12T13:00") if act == "known" else None
    reports.append(bars(conn, rows, mic=mic, fetched_at=NOW, known_at=known))
    return [(counts(report), sorted(report.messages)) for report in reports]


def _other(conn: psycopg.Connection, symbol: str, day: str) -> None:
    """Another provider says something of the symbol: what is stored already, and of the next day something else."""
    after = date.fromisoformat(day) + timedelta(1)
    body = f"timestamp,open,high,low,close,volume\n{after},11,11,11,11,1\n{day},10,11,9,10,100\n"
    where = f"https://www.alphavantage.co/query?function=TIME_SERIES_DAILY&symbol={symbol}&datatype=csv"
    load(conn, Payload("alpha_vantage", where, NOW, body.encode(), symbol=symbol))


def _undo(conn: psycopg.Connection, symbol: str, day: str) -> None:
    """The last import but one is taken back."""
    runs = conn.execute(
        "SELECT run_id FROM landing.run WHERE command = 'import' AND undone_by IS NULL ORDER BY 1 DESC LIMIT 2"
    ).fetchall()
    acting.undo(conn, runs[-1][0])


def _admit(conn: psycopg.Connection, symbol: str, day: str) -> None:
    with Run(conn, "admit", {}) as run:
        run.admit("XNYS", date(2024, 1, 6), "it did", author="me")


#: What a person does with one symbol and one of its days between two imports.
ACTS: dict[str, Callable[[psycopg.Connection, str, str], object]] = {
    "correct": lambda conn, symbol, day: acting.correct(conn, symbol, day, close="10", high="12", low="8"),
    "release": acting.release,
    "undo": _undo,
    "unit": lambda conn, symbol, day: acting.edit(conn, symbol, unit="EUR"),
    "unit later": lambda conn, symbol, day: acting.edit(
        conn, symbol, unit="EUR", valid_from=date.fromisoformat(day)
    ),
    "exchange": lambda conn, symbol, day: acting.edit(conn, symbol, mic="XLON"),
    "preferred": lambda conn, symbol, day: acting.edit(conn, symbol, providers=["alpha_vantage", "files"]),
    "cut over": lambda conn, symbol, day: acting.edit(
        conn, symbol, providers=["alpha_vantage", "files"], valid_from=date.fromisoformat(day)
    ),
    "shadow": lambda conn, symbol, day: acting.edit(
        conn, symbol, providers=["alpha_vantage"], shadows=["files"]
    ),
    "other": _other,
    "remove": lambda conn, symbol, day: instruments.remove(conn, symbol),
    "admit": _admit,
}


def _moves(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    """The latest cross-section, which is as a rebuild makes it."""
    query = (
        "SELECT i.symbol, m.back, m.state, m.mic, m.currency, m.base::text, m.session::text, m.close, m.per, "
        "m.splits, m.dividends "
        "FROM mart.move AS m JOIN warehouse.dim_instrument AS i USING (instrument_id) ORDER BY 1, 2"
    )
    kept = conn.execute(query).fetchall()
    conn.execute("SELECT warehouse.rebuild_marts()")
    assert kept == conn.execute(query).fetchall()
    return kept


def _answer(conn: psycopg.Connection, act: str) -> None:
    row = conn.execute(
        "SELECT quarantine_id FROM landing.quarantine WHERE state = 'held' AND reason = ANY (%s) ORDER BY day, row_key",
        (["unit_jump", "outside_high_low", "not_a_session", "mixed_units"],),
    ).fetchone()
    if row is not None:
        verdict = {"accept": "accepted", "reject": "rejected", "rescale": "rescaled"}[act]
        with Run(conn, act, {}) as run:
            run.decide(
                row[0], verdict, "why", author="me", factor=Decimal("0.01") if act == "rescale" else None
            )


def _quarantine(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        "SELECT row_key, state, reason, evidence, content, group_key FROM landing.quarantine ORDER BY row_key"
    ).fetchall()


@pytest.fixture
def pair(new_database: Callable[..., str]) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two databases for the same imports."""
    with (
        psycopg.connect(new_database(), autocommit=True) as one,
        psycopg.connect(new_database(), autocommit=True) as other,
    ):
        yield one, other


ROWS = [f"{symbol},{day},10,11,9,10.50,100" for symbol in "ABC" for day in weekdays("2023-12-11", 7)]


def _staged(conn: psycopg.Connection, rows: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, Report]:
    """How many of the rows were staged when they came as a large file."""
    seen: list[int] = []
    judge = validate.judge

    def watched(conn: psycopg.Connection, *given: object, **words: object) -> int:
        row = conn.execute("SELECT count(*) FROM pg_temp.stage_price").fetchone()
        seen.extend(row or ())
        return judge(conn, *given, **words)  # type: ignore[arg-type]

    with short_ways(), monkeypatch.context() as patched:
        patched.setattr("ticker_converter.pipeline.judge", watched)
        report = bars(conn, rows, mic="XNYS", fetched_at=NOW)
    return sum(seen), report


def test_new_series_are_stored_as_they_come(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, report = _staged(conn, ROWS, monkeypatch)
    assert (staged, counts(report)) == (0, {"inserted": 21})
    assert conn.execute("SELECT sum(bars) FROM warehouse.coverage").fetchone() == (21,)


def test_what_is_stored_already_goes_no_further(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars(conn, ROWS, mic="XNYS", fetched_at=NOW)
    other = [row.replace("10.50", "10.5").replace(",9,", ",9.000,") for row in ROWS]
    staged, report = _staged(conn, other, monkeypatch)
    assert (staged, counts(report)) == (0, {"unchanged": 21})


def test_only_the_year_that_differs_is_staged(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"A,{day},10,11,9,10,100" for day in weekdays("2023-12-18", 10)]
    bars(conn, rows, fetched_at=NOW)
    staged, report = _staged(conn, [*rows, "A,2024-01-02,10,11,9,10,100"], monkeypatch)
    assert (staged, counts(report)) == (1, {"inserted": 1, "unchanged": 10})


def test_one_odd_bar_stages_its_series_and_no_other(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, report = _staged(conn, [*ROWS, "D,2024-01-05,10,11,9,12,5"], monkeypatch)
    assert (staged, counts(report)) == (1, {"inserted": 21, "quarantined": 1})
    rows = [row.replace("10.50", "70.5") if row.startswith("B,2023-12-12") else row for row in ROWS]
    staged, report = _staged(conn, rows, monkeypatch)
    assert (staged, counts(report)) == (7, {"unchanged": 20, "quarantined": 1})


def test_a_series_that_goes_on_after_others_makes_the_file_take_the_long_way(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    contradiction = "A,2023-12-12,10,11,9,9.5,100"
    staged, report = _staged(conn, [*ROWS, contradiction], monkeypatch)
    assert (staged, counts(report)) == (22, {"inserted": 20, "quarantined": 2})


def test_a_large_file_is_vacuumed_and_the_second_import_writes_next_to_nothing(
    conn: psycopg.Connection, tmp_path: Path
) -> None:
    days = pl.Series("date", [f"{year}-{month:02}-{day:02}" for year in range(1990, 2020) for month in range(1, 13)
                              for day in range(1, 29)])  # fmt: skip
    one = pl.DataFrame({"date": days, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.25, "volume": 5})
    whole = pl.concat(one.with_columns(pl.lit(f"S{n}").alias("symbol")) for n in range(2))
    whole = whole.filter(pl.col("date").str.to_date().dt.weekday() <= 5)
    path = tmp_path / "bars.parquet"
    whole.write_parquet(path)
    payload = file("prices", path, fetched_at=NOW, unit="USD")
    # Else a commit that is not yet on disk leaves its rows without the mark that vacuum looks for.
    conn.execute("SET synchronous_commit = on")
    assert counts(load(conn, payload)) == {"inserted": whole.height}
    assert conn.execute(
        "SELECT relpages = relallvisible FROM pg_class WHERE oid = 'warehouse.fact_price'::regclass"
    ).fetchone() == (True,)
    conn.execute("CHECKPOINT")
    before = conn.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    assert counts(load(conn, payload)) == {"unchanged": whole.height}
    written = conn.execute("SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", before).fetchone()
    assert written is not None and written[0] < 1_000_000


def test_a_line_with_too_many_cells_in_one_piece_of_several_is_held(conn: psycopg.Connection) -> None:
    with short_ways():
        report = bars(conn, [*ROWS, "C,2023-12-21,10,11,9,10,5,6,7,8"], mic="XNYS", fetched_at=NOW)
    assert counts(report) == {"inserted": 21, "quarantined": 1}


def test_a_renamed_symbol_in_one_piece_of_several_goes_where_it_belongs(conn: psycopg.Connection) -> None:
    bars(conn, [row for row in ROWS if row[0] == "C"], mic="XNYS", fetched_at=NOW)
    with Run(conn, "edit", {}) as run:
        acts.rename(run, "C", "renamed", author="me", new="CC", since=date(2023, 12, 15))
    later = [row.replace("C,", "CC,") if row[:12] >= "C,2023-12-15" else row for row in ROWS]
    with short_ways():
        report = bars(conn, [*later, "CC,2023-12-20,10,11,9,10,5"], mic="XNYS", fetched_at=NOW)
    assert counts(report) == {"inserted": 15, "unchanged": 7}
    assert conn.execute("SELECT count(*) FROM warehouse.dim_instrument").fetchone() == (3,)


# ---- the screen ----


def test_the_screen_has_a_clause_for_every_rule_about_one_bar() -> None:
    assert {*screen.BY_ROW, *screen.BY_PLACE} - {"findings"} == set(validate.RULES["price"][0])


@pytest.mark.parametrize("said", FAULTS)
def test_a_faulty_bar_is_not_cleared_and_no_bar_beside_it(
    conn: psycopg.Connection, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[bool]] = []
    by_place = screen.Screen.by_place

    def watched(self: screen.Screen, frame: pl.DataFrame) -> pl.DataFrame:
        found = by_place(self, frame)
        seen.append(found["clean"].to_list())
        return found

    monkeypatch.setattr(screen.Screen, "by_place", watched)
    with short_ways(piece=10_000):
        bars(conn, [ROWS[0], f"A,2023-12-12,{said}", ROWS[2]], mic="XNYS", fetched_at=NOW)
    assert seen == [[True, False, True]]


@pytest.mark.parametrize(
    ("unit", "mic", "day"),
    [("GBX", "XNYS", "2023-12-21"), ("USD", "XNYS", "2023-12-25"), ("USD", "XNYS", "2024-01-11"),
     ("USD", None, "2023-12-23")],
)  # fmt: skip
def test_what_is_odd_by_its_instrument_or_day_is_not_cleared(
    conn: psycopg.Connection, unit: str, mic: str | None, day: str
) -> None:
    listed(conn, "A", "USD", mic)
    seen = []
    monkey = pytest.MonkeyPatch()
    by_place = screen.Screen.by_place
    with short_ways(piece=10_000), monkey.context() as patched:
        patched.setattr(
            screen.Screen, "by_place", lambda self, frame: seen.append(by_place(self, frame)) or seen[-1]
        )
        bars(conn, [f"A,{day},10,11,9,10,5,{unit}"], header=BARS + ",unit", fetched_at=NOW)
    assert seen[0]["clean"].to_list() == [False]
