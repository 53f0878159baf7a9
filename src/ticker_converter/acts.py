"""What a person does to stored data: correct a bar and release it, mend an instrument, take a run back.

Each act is one transaction and one load with author and reason: what it replaces is closed as a revision, so every past
answer can still be asked for. Nothing is deleted but what was never more than a provider's unused last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from ticker_converter import retelling
from ticker_converter.errors import NotThere, Usage
from ticker_converter.landing import payloads, runs, stage
from ticker_converter.market import symbols, units
from ticker_converter.pipeline import Run
from ticker_converter.providers import provider
from ticker_converter.queries.clock import not_after_today
from ticker_converter.records import Counts
from ticker_converter.validate.stored import inspect
from ticker_converter.warehouse import again, instruments, mending, merge, names, order, reference


def correct(
    run: Run, symbol: str, day: date, fields: Mapping[str, Decimal], reason: str, *, author: str
) -> Counts:
    """A person's bar wins over every import until it is released; fields not given are as stored.

    Usage when it would not be a bar: a day in the future, a negative volume, a price not above zero, a high below the
    low, a close outside both."""
    conn = run.conn
    found = instruments.get(conn, symbol)
    not_after_today(conn, day)
    if (volume := fields.get("volume")) is not None and volume < 0:
        raise Usage(f"correction of {symbol} on {day}: volume {volume} is below zero")
    with conn.transaction():
        load = merge.begin(conn, run.report.run_id, "correction", author=author, reason=reason)
        told = {name: str(number) for name, number in fields.items()}
        runs.acted(conn, load.load_id, "correct", symbol=symbol, day=str(day), fields=told)
        bar = stage.correction(conn, found.instrument_id, day, fields)
        _check_bar(symbol, day, bar)
        counts, moved = retelling.correct(run, load, found.instrument_id)
        merge.close(conn, load, counts, moved=bool(moved))
    run.report.counts += counts
    return counts


def release(run: Run, symbol: str, day: date, reason: str, *, author: str) -> Counts:
    """Let imports speak again: the correction is closed, the best of what providers said since stands, and what a unit
    jump against the correction had held back is judged again."""
    conn = run.conn
    found = instruments.get(conn, symbol)
    with conn.transaction():
        load = merge.begin(conn, run.report.run_id, "correction", author=author, reason=reason)
        runs.acted(conn, load.load_id, "release", symbol=symbol, day=str(day))
        if not stage.corrected(conn, found.instrument_id, day):
            raise NotThere(f"{symbol} has no correction on {day}")
        counts = mending.take_back(conn, load)
        stage.clear(conn)
        moved = retelling.judge_again(run, load, [found.instrument_id])
        merge.close(conn, load, counts, moved=bool(moved))
    run.report.counts += counts
    return counts


def undo(run: Run, run_id: int, reason: str, *, author: str) -> Counts:
    """Take back all that a run stored, as if it had never been: what the runs that remain have said and done of
    the same instruments and days is told again without it. What that changes counts as read and revised."""
    conn = run.conn
    with conn.transaction():
        load = merge.begin(conn, run.report.run_id, "undo", author=author, reason=reason)
        runs.acted(conn, load.load_id, "undo", run_id=run_id)
        again.mark_undone(conn, run_id, run.report.run_id)
        counts = retelling.without(run, load, run_id)
        merge.close(conn, load, counts, moved=True)
    run.report.counts = counts
    return counts


def _read_again(run: Run, deliveries: Sequence[int]) -> Counts:
    """Read landed deliveries again; what that changes counts as read."""
    counts = Counts()
    for delivery_id in deliveries:
        with payloads.reopen(run.conn, delivery_id) as delivery:
            repeated = run.load(delivery, "replay")
        counts += Counts(repeated.inserted + repeated.revised, repeated.inserted, revised=repeated.revised)
        stage.clear(run.conn)
    return counts


def edit(
    run: Run, symbol: str, reason: str, *, author: str, unit: str | None = None, mic: str | None = None,
    name: str | None = None, providers: Sequence[str] | None = None, shadows: Sequence[str] | None = None,
    valid_from: date | None = None,
) -> Counts:  # fmt: skip
    """Mend an instrument. `unit` (from `valid_from` on, default always) keeps the numbers and changes what they mean;
    bars held only for their unit are let go when it is right now, and dividends that were said without a unit are read
    in it. `providers` is a new order of preference, from the session `valid_from` on (a cut-over: the history before
    stays with its provider) or always; `shadows` are fetched beside the first to be compared."""
    if unit is mic is name is providers is shadows is None:
        raise Usage("nothing to edit: give --unit, --mic, --name, --providers or --shadow")
    if valid_from is not None and unit is None and providers is None:
        raise Usage("--from goes with --unit or --providers: a name and an exchange hold always")
    if providers is not None and valid_from is not None and valid_from > datetime.now(UTC).date():
        raise Usage(
            f"--from {valid_from}: a cut-over to another order of providers is from today or a day past on"
        )
    for one in {*(providers or ()), *(shadows or ())}:
        provider(one)
    conn, declared = run.conn, units.unit(unit) if unit is not None else None
    found = instruments.get(conn, symbol)
    if mic is not None:
        instruments.check_mic(conn, mic)
    with conn.transaction():
        load = merge.begin(conn, run.report.run_id, "edit", author=author, reason=reason)
        runs.acted(
            conn, load.load_id, "edit", symbol=symbol, unit=unit, mic=mic, name=name,
            providers=None if providers is None else [*providers],
            shadows=None if shadows is None else [*shadows],
            valid_from=None if valid_from is None else str(valid_from),
        )  # fmt: skip
        mending.edit(conn, found.instrument_id, mic, name)
        if mic is not None:
            reference.ensure_calendar(conn, mic)
        counts = Counts()
        if declared is not None:
            counts += mending.change_unit(conn, load, found.instrument_id, declared.unit, valid_from)
            counts += _read_again(run, payloads.of_dividends(conn, found.instrument_id, valid_from))
        if shadows is not None:
            order.shadow(conn, found.instrument_id, shadows)
        if providers is not None:
            counts += order.change(conn, load, found.instrument_id, providers, valid_from)
            stage.clear(conn)
        counts += retelling.accept_unit(run, load, found.instrument_id)
        if declared is not None:
            retelling.judge_again(run, load, [found.instrument_id])
        merge.close(conn, load, counts, moved=True)  # exchange and name are in answers too
    run.report.counts = counts
    return counts


def rename(
    run: Run, symbol: str, reason: str, *, author: str, new: str | None = None,
    names_at: Mapping[str, str] | None = None,
    delisted: date | None = None, since: date | None = None,
) -> Counts:  # fmt: skip
    """Record what an instrument is called: its own symbol is `new` from `since` on; a provider's spelling of it (by
    provider, in `names_at`) is another from `since` on, or always; or it was traded last on `delisted`. What is stored
    stays where it is."""
    if new is not None and since is None:
        raise Usage(f"--from D is needed: the first day on which {symbol} was called {new}")
    for one in names_at or ():
        provider(one)
    conn = run.conn
    found = instruments.get(conn, symbol)
    with conn.transaction():
        load = merge.begin(conn, run.report.run_id, "edit", author=author, reason=reason)
        runs.acted(
            conn, load.load_id, "rename", symbol=symbol, new=new, names_at=dict(names_at or {}),
            delisted=None if delisted is None else str(delisted), since=None if since is None else str(since),
        )  # fmt: skip
        for one, spelled in (names_at or {}).items():
            names.called(conn, found.instrument_id, symbol, found.mic, one, spelled, since)
        if new is not None and since is not None:
            other = instruments.find(conn, symbols.check_symbol(new))
            names.rename(
                conn, found.instrument_id, symbol, new, since, other.instrument_id if other else None
            )
        if delisted is not None:
            names.delisted(conn, found.instrument_id, new or symbol, delisted)
        merge.close(conn, load, Counts(), moved=True)
    return Counts()


def _check_bar(symbol: str, day: date, bar: Mapping[str, Decimal | None]) -> None:
    where = f"correction of {symbol} on {day}"
    close, low, high = bar["close"], bar["low"], bar["high"]
    if close is None:
        raise Usage(f"{where}: no bar is stored for that day, so --close is needed")
    if wrong := [name for name, number in bar.items() if number is not None and number <= 0]:
        raise Usage(f"{where}: {', '.join(wrong)} must be above zero")
    if low is not None and high is not None and high < low:
        raise Usage(f"{where}: the high {high} is below the low {low}: give --high or --low too")
    if (low is not None and close < low) or (high is not None and close > high):
        raise Usage(
            f"{where}: the close {close} is outside low {low} and high {high}: give --low or --high too"
        )


def check(run: Run, sources: Sequence[str]) -> dict[str, int]:
    """Run the rules over all that is stored: unit jumps along every series are judged again (bars move into and out of
    quarantine), large moves and sources that disagree are noted. Returns how much each rule found anew."""
    conn = run.conn
    with conn.transaction():
        load = merge.begin(conn, run.report.run_id, "judge")
        runs.acted(conn, load.load_id, "check", sources=[*sources])
        run.progress("walking along every series")
        moved = retelling.judge_again(run, load)
        run.progress("comparing what is stored")
        found = {"unit_jump": moved} | inspect(conn, load.load_id, sources)
        merge.close(conn, load, Counts(), moved=bool(moved))
    return found
