"""What acts do inside one load, and how it is all done once more when a run is taken back.

A run taken back is as if it had never been: what it touched is told again without it, by the same parsers, judge and
merge, each load with its own number and time. A person's answer stands only while the row that it answers is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from polars import DataFrame, col

from ticker_converter import providers
from ticker_converter.landing import payloads, quarantine, stage
from ticker_converter.landing.payloads import Delivery
from ticker_converter.pipeline import Report, Run
from ticker_converter.records import Counts, Payload
from ticker_converter.validate import walk
from ticker_converter.validate.screen import Screen
from ticker_converter.warehouse import again, bulk, instruments, mending, merge
from ticker_converter.warehouse.again import Told
from ticker_converter.warehouse.instruments import Instrument
from ticker_converter.warehouse.merge import Load
from ticker_converter.warehouse.resolve import Resolver


def judge_again(run: Run, load: Load, touched: Sequence[int] | None = None) -> int:
    """Walk along the series again (of all instruments, or of these) and move bars into and out of quarantine; returns
    how many."""
    moved = 0
    for (_, source), ids in quarantine.storable(quarantine.first(run.conn, touched), "accepted").items():
        run.let_go(load, source, ids)
        moved += len(ids)
        stage.clear(run.conn)
    stage.suspects(run.conn, touched)
    if walk(run.conn):
        stage.suspects_stored(run.conn)
        moved += run.rejudge(load)
    stage.clear(run.conn)
    return moved


def correct(run: Run, load: Load, instrument_id: int) -> tuple[Counts, int]:
    """Store the correction that is staged; returns how many other bars moved for it."""
    counts = merge.prices(run.conn, load, instruments.source_id(run.conn, "correction"), 1, 0)
    stage.clear(run.conn)
    return counts, judge_again(run, load, [instrument_id])


def accept_unit(run: Run, load: Load, instrument_id: int) -> Counts:
    """Store the bars that were held only for their unit, which is right now."""
    counts = Counts()
    entries = quarantine.unit_now_right(run.conn, instrument_id)
    for (_, source), ids in quarantine.storable(entries, "accepted").items():
        read = stage.held(run.conn, "price", ids, Decimal(1))
        counts += merge.prices(run.conn, load, source, read, 0)
        stage.clear(run.conn)
    return counts


def without(run: Run, load: Load, run_id: int) -> Counts:
    """Tell again, without a run that is marked as taken back, all of what it touched; `load` is the act's."""
    told = again.aside(run.conn, run_id, load)
    retold = _Retold(run)
    for number, one in enumerate(told, 1):
        run.progress(f"telling again {number} of {len(told)}")
        retold.tell(one)
        stage.clear(run.conn)
    return again.settle(run.conn, load)


class _Retold(Run):
    """Loads that are done once more, of the instruments and days that are told again: they are recorded already."""

    def __init__(self, run: Run) -> None:
        self.conn, self.progress, self.report = run.conn, lambda text: None, Report(0)
        self.starts = again.instruments(run.conn)
        self.given: Load

    def tell(self, told: Told) -> None:
        """Do once more what was done then."""
        load = Load(told.load_id, told.known_from, retold=True)
        self.among = [number for number, start in self.starts.items() if start <= told.load_id]
        if told.act is not None:
            self._act(load, told, told.act)
            return
        assert told.delivery_id is not None
        with payloads.reopen(self.conn, told.delivery_id) as delivery:
            source = providers.provider(delivery.payload.provider)
            parsed = source.parse(delivery.payload)
            if parsed.message is not None:
                return
            replay = told.kind == "replay"
            self.given = replace(
                load, backdated=delivery.known_at is not None and not replay,
                replay_of=told.delivery_id if replay else None,
            )  # fmt: skip
            self._publish(delivery, parsed, source.parser_version, told.kind, sifted=False)

    def _act(self, load: Load, told: Told, act: Mapping[str, Any]) -> None:
        if act["act"] == "check":
            judge_again(self, load, self.among)
            return
        if act["act"] == "decide":
            if (number := again.row(self.conn, act["id"])) is not None:
                entries = quarantine.held(self.conn, number, act["all_like"])
                factor = act["factor"] and Decimal(act["factor"])
                self.answer(load, entries, act["verdict"], told.reason or "", told.author or "", factor)
            return
        found = instruments.find(self.conn, act["symbol"])
        if found is None or found.instrument_id not in self.among:
            return
        since = act.get("valid_from")
        if act["act"] == "correct":
            fields = {name: Decimal(text) for name, text in act["fields"].items()}
            stage.correction(self.conn, found.instrument_id, date.fromisoformat(act["day"]), fields)
            correct(self, load, found.instrument_id)
        elif act["unit"] is not None:
            day = since and date.fromisoformat(since)
            mending.change_unit(self.conn, load, found.instrument_id, act["unit"], day)
            accept_unit(self, load, found.instrument_id)
            judge_again(self, load, [found.instrument_id])

    def _open(self, delivery: Delivery, version: int, kind: str) -> Load:
        return self.given

    def _close(self, load: Load, counts: Counts, moved: int) -> None:
        """It is closed already."""

    def _sift(self, kind: str, read: int) -> int:
        if read:
            again.sift(self.conn, self.given)
        return read

    def _about(self, symbol: str | None, payload: Payload) -> Instrument | None:
        found = super()._about(symbol, payload)
        return found if found is not None and found.instrument_id in self.among else None

    def _stage(
        self, bars: Iterable[DataFrame], screen: Screen, resolve: Resolver, short: bulk.Bulk | None
    ) -> stage.Bars:
        mine = col("instrument_id").is_in(self.among) | col("instrument_id").is_null()
        placed = stage.placed(stage.readable(bars), resolve)
        return stage.bars(self.conn, (frame.filter(mine) for frame in placed))
