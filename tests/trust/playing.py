"""Many histories in one warehouse: what they say at one tick comes in one delivery of each kind.

The histories share nothing but the deliveries: each has a symbol and two sources of rates of its own, so that what
becomes of one is what would have become of it alone, at a tenth of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import psycopg

from tests.support import writing
from tests.support.writing import at, file
from tests.trust.acting import ME, NOW, emptied
from tests.trust.histories import LATE, Heap, History, Step
from tests.trust.test_undo import AV
from ticker_converter import acts
from ticker_converter.errors import NotThere, Usage
from ticker_converter.pipeline import Run
from ticker_converter.records import Payload
from ticker_converter.warehouse import instruments

HEADERS = {
    "file": "symbol,date,close",
    "rates": "source,base,quote,date,rate",
    "actions": "symbol,ex_date,kind,value,unit",
}
KINDS = ("actions", "file", "vendor", "rates")


def symbol(n: int) -> str:
    return f"S{n}"


def sources(n: int) -> list[str]:
    """The n-th history's sources of rates, the person's own first."""
    return [f"a{n}", f"b{n}"]


def prepare(conn: psycopg.Connection, histories: Sequence[History | Heap]) -> None:
    """An empty warehouse with a listing for each history."""
    emptied(conn)
    with conn.transaction():
        for n, history in enumerate(histories):
            scene = history.scene
            conn.execute(
                "INSERT INTO warehouse.dim_source (source, pivot, handmade)"
                " SELECT * FROM (VALUES (%s, NULL, true), (%s, 'EUR', false)) AS s (source, pivot, handmade)"
                " WHERE source NOT IN (SELECT source FROM warehouse.dim_source)",  # a conflict uses up a number too
                sources(n),
            )
            found = instruments.add(conn, symbol(n), unit=scene.unit, providers=history.preferred)
            if scene.new_unit:
                key = {"id": found.instrument_id, "day": scene.from_day, "unit": scene.new_unit}
                conn.execute(
                    "UPDATE warehouse.instrument_unit SET valid_to = %(day)s::date - 1 WHERE instrument_id = %(id)s",
                    key,
                )
                conn.execute(
                    "INSERT INTO warehouse.instrument_unit (instrument_id, valid_from, unit_id) SELECT %(id)s, %(day)s,"
                    " unit_id FROM warehouse.dim_price_unit WHERE unit = %(unit)s", key,
                )  # fmt: skip


def payloads(kind: str, told: Iterable[tuple[int, Sequence[str]]]) -> list[Payload]:
    """What several histories say, in one delivery; a vendor delivers symbol by symbol."""
    if kind == "vendor":
        return [vendor(n, rows) for n, rows in told]
    lines = [HEADERS["rates" if kind == "rates" else kind]]
    for n, rows in told:
        for row in rows:
            if kind == "rates":
                lines.append(row[0] + str(n) + row[1:])
            elif kind == "file":
                lines.append(f"{symbol(n)},{row}")
            else:
                lines.append(f"{symbol(n)},{row}")
    if kind == "file":
        lines = [writing.BARS] + [
            ",".join([*line.split(","), *[line.split(",")[2]] * 3, "1"]) for line in lines[1:]
        ]
    content = "\n".join(lines) + "\n"
    return [file({"file": "prices"}.get(kind, kind), content, name=f"{kind}.csv")]


def vendor(n: int, rows: Sequence[str]) -> Payload:
    """Bars of one symbol as Alpha Vantage has them."""
    lines = [
        f"{day},{close},{close},{close},{close},1"
        for day, close in sorted((r.split(",") for r in rows), reverse=True)
    ]
    body = "\n".join(["timestamp,open,high,low,close,volume", *lines]) + "\n"
    return Payload(
        "alpha_vantage", AV.format(symbol(n)), at("2024-06-01"), body=body.encode(), symbol=symbol(n)
    )


def deliver(
    conn: psycopg.Connection,
    told: Iterable[tuple[str, Sequence[tuple[int, Sequence[str]]]]],
    late: int | None = None,
) -> int | None:
    """One run that brings what histories say, kind by kind; its id, or None if they say nothing."""
    some = [(kind, [(n, rows) for n, rows in each if rows]) for kind, each in told]
    if not any(each for _, each in some):
        return None
    with Run(conn, "import", {}) as run:
        run.load_all(
            [payload for kind, each in some if each for payload in payloads(kind, each)],
            LATE[late] if late is not None else None,
        )
    assert run.report.counts.balanced(), run.report.counts
    return run.report.run_id


def deliveries(
    conn: psycopg.Connection, steps: Iterable[tuple[int, Step]]
) -> dict[tuple[int | None, int | None], tuple[int, list[int]]]:
    """Deliver what histories say at one tick: the run of each knowledge time and end, and whose it is."""
    groups: dict[tuple[int | None, int | None], dict[str, list[tuple[int, Sequence[str]]]]] = {}
    for n, step in steps:
        if step.kind in KINDS:
            kinds = groups.setdefault((step.late, step.doomed), {kind: [] for kind in KINDS})
            kinds[step.kind].append((n, step.rows))
    found = {}
    for (late, doomed), kinds in sorted(groups.items(), key=str):
        run_id = deliver(conn, list(kinds.items()), late)
        if run_id is not None:
            found[late, doomed] = run_id, [n for each in kinds.values() for n, _ in each]
    return found


def decide(conn: psycopg.Connection, ids: Sequence[int], verdict: str) -> list[int]:
    """Answer held rows; those that cannot be stored whatever is answered are passed over. Returns the ids answered."""
    done: list[int] = []
    factor = Decimal("0.01") if verdict == "rescaled" else None
    with Run(conn, "quarantine", {}) as run:
        for number in ids:
            try:
                done += run.decide(number, verdict, "looked at", author=ME, factor=factor)
            except (Usage, NotThere):
                continue
    return done


def waiting(conn: psycopg.Connection, n: int) -> list[str]:
    """What the held rows of a history's listing say."""
    query = (
        "SELECT row_key FROM landing.quarantine WHERE state = 'held' AND symbol = %s ORDER BY day, row_key"
    )
    return [key for (key,) in conn.execute(query, [symbol(n)]).fetchall()]


def answer(conn: psycopg.Connection, key: str, verdict: str) -> None:
    """Answer the row that says this, if it is held."""
    query = "SELECT quarantine_id FROM landing.quarantine WHERE state = 'held' AND row_key = %s"
    decide(conn, [number for (number,) in conn.execute(query, [key]).fetchall()], verdict)


def act(conn: psycopg.Connection, n: int, step: Step, runs: Sequence[int]) -> None:
    """What a person does; what cannot be done (nothing to release, say) is passed over."""
    try:
        if step.kind == "decide":
            row = conn.execute(
                "SELECT min(quarantine_id) FROM landing.quarantine WHERE state = 'held' AND symbol = %s",
                [symbol(n)],
            ).fetchone()
            if row is not None and row[0] is not None:
                decide(conn, [row[0]], step.text)
            return
        with Run(conn, step.kind, {}) as run:
            match step.kind:
                case "correct":
                    close = Decimal(step.text)
                    fields = {"close": close, "high": close * 100000, "low": close / 100000}
                    acts.correct(run, symbol(n), day_of(step), fields, "broker's note", author=ME)
                case "release":
                    acts.release(run, symbol(n), day_of(step), "done", author=ME)
                case "undo" if runs:
                    acts.undo(run, runs[step.number % len(runs)], "wrong file", author=ME)
                case "unit":
                    acts.edit(run, symbol(n), "was wrong", author=ME, unit=step.text, valid_from=day_of(step))
                case "check":
                    acts.check(run, ("files",))
    except (NotThere, Usage):
        return


def day_of(step: Step) -> date:
    return date.fromisoformat(step.day)


def clock(conn: psycopg.Connection) -> datetime:
    row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def state(conn: psycopg.Connection, without: Sequence[str] = ()) -> dict[int, dict[str, list[str]]]:
    """All that is held to be true at this moment, history by history."""
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: {name: [] for name in NOW})
    for name, query in NOW.items():
        if name not in without:
            for row in conn.execute(query).fetchall():
                found[int(row[0][1:])][name].append(str(row))
    for parts in found.values():
        for rows in parts.values():
            rows.sort()
    return dict(found)


BELIEFS = {
    "bars": "SELECT i.symbol, b.* FROM mart.instrument AS i CROSS JOIN LATERAL mart.bars(i.instrument_id, '-infinity',"
    " 'infinity', %(known)s::timestamptz) AS b",
    "actions": "SELECT i.symbol, a.kind, a.ex_date, a.type, a.pay_date::text, a.new, a.old, a.amount, a.unit_id,"
    " a.source FROM mart.instrument AS i CROSS JOIN LATERAL mart.actions(i.instrument_id, %(known)s::timestamptz) AS a",
    "rates": "SELECT s.source, r.base, r.quote, r.rate_date, r.rate"
    " FROM mart.fx_rate_known(%(known)s::timestamptz) AS r JOIN mart.source AS s USING (source_id)",
}
PARTS = 8
#: Adjusted closes in the currency asked for: bars, actions, rates, units and the law in one number.
CONVERTED = (
    "SELECT w.symbol, c.*"
    " FROM unnest(%(symbols)s::text[], %(to)s::text[], %(first)s::date[], %(a)s::text[], %(b)s::text[])"
    " AS w (symbol, target, first, a, b) JOIN mart.instrument AS i USING (symbol)"
    " CROSS JOIN LATERAL mart.closes(i.instrument_id, w.first, w.first + 30, 'all', w.target, %(known)s::timestamptz,"
    " ARRAY[w.a, w.b], 7, true) AS c"
)


def answers(
    conn: psycopg.Connection, histories: Sequence[History], known: datetime, *, part: int
) -> dict[int, list[str]]:
    """What was believed at a time, history by history: all that any answer is made of and, of every PARTS-th history,
    the closes made of it: reckoning them takes four fifths of the time."""
    found: dict[int, list[str]] = {n: [] for n in range(len(histories))}
    numbers = range(part % PARTS, len(histories), PARTS)
    words = {
        "known": known, "symbols": [symbol(n) for n in numbers], "to": [histories[n].scene.to for n in numbers],
        "first": [histories[n].scene.first for n in numbers], "a": [sources(n)[0] for n in numbers],
        "b": [sources(n)[1] for n in numbers],
    }  # fmt: skip
    for query in [*BELIEFS.values(), CONVERTED]:
        rows = sorted(map(str, conn.execute(query, words).fetchall()))
        for row in rows:
            found[int(row[3 : row.index("'", 2)])].append(row)
    return found
