"""The whole write flow: plan, fetch, land, parse, stage, judge, load, publish, report. Nothing else writes.

A payload is landed before it is read. Judging, merging and publishing one payload is one transaction: a process killed
at any instant leaves either all of it or nothing, and running again gives the same end state (P7).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any

from polars import DataFrame

from ticker_converter import fetching, providers
from ticker_converter.db import Connection
from ticker_converter.errors import (
    Permanent,
    ProviderBusy,
    ProviderUnavailable,
    Refused,
    TickerConverterError,
    Usage,
)
from ticker_converter.landing import payloads, quarantine, refusals, runs, stage
from ticker_converter.landing.ahead import ahead
from ticker_converter.landing.payloads import Delivery
from ticker_converter.landing.quarantine import Entry
from ticker_converter.records import Call, Counts, Listing, Parsed, Payload
from ticker_converter.validate import answered, judge, released, walk
from ticker_converter.validate.screen import Screen
from ticker_converter.warehouse import bulk, instruments, mending, merge, order
from ticker_converter.warehouse.instruments import Instrument
from ticker_converter.warehouse.resolve import Resolver

Instead = Callable[[Call, TickerConverterError], Sequence[Call]]
Progress = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """How a run ended. `messages` are for the person; `failed` holds one line per payload or call that did not load."""

    run_id: int
    counts: Counts = field(default_factory=Counts)
    calls: dict[str, int] = field(default_factory=dict)
    remaining: int = 0
    messages: list[str] = field(default_factory=list)
    failed: list[TickerConverterError] = field(default_factory=list)
    left: list[dict[str, str | None]] = field(default_factory=list)
    "What remains, one by one: provider, kind, symbol and why."

    def leave(self, call: Call, why: str) -> None:
        """A call is left for the next run."""
        self.remaining += 1
        self.left.append({"provider": call.provider, "kind": call.kind, "symbol": call.symbol, "why": why})

    def as_dict(self) -> dict[str, object]:
        """The report of INTERFACE."""
        return {
            "run_id": self.run_id,
            **asdict(self.counts),
            "calls": self.calls,
            "remaining": self.remaining,
        }


class Run:
    """One run of the pipeline over an open connection: made by a command, a DAG task or a worker."""

    def __init__(
        self, conn: Connection, command: str, arguments: Mapping[str, object], progress: Progress = lambda text: None
    ) -> None:  # fmt: skip
        conn.autocommit = True
        self.conn, self.progress, self._more = conn, progress, ""
        stage.tables(conn)
        self.report = Report(runs.start(conn, command, arguments))

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self.conn.closed:
            return
        state = "failed" if error else "partly" if self.report.remaining or self.report.failed else "done"
        report = self.report.as_dict() | ({"left": self.report.left} if self.report.left else {})
        runs.finish(self.conn, self.report.run_id, state, report, str(error) if error else None)

    def load_all(self, arrived: Iterable[Payload], known_at: datetime | None = None) -> Report:
        """Land and load payloads that a person handed over; one that cannot be read ends the run, those before stay."""
        if known_at is not None and known_at > datetime.now(UTC):
            raise Usage(
                f"nothing can be known at {known_at:%Y-%m-%d %H:%M} UTC yet: --known-at is a time past"
            )
        for payload in arrived:
            delivery = payloads.land(self.conn, self.report.run_id, payload, known_at)
            self.load(delivery)
        return self.report

    def fetch_all(
        self, calls: Sequence[Call], settings: fetching.Given, *, instead: Instead = lambda call, error: (),
        later: Sequence[Call] = (), seen: int | None = None, patience: float | None = None,
    ) -> Report:  # fmt: skip
        """Make calls within their quotas and load what they bring. One failure never stops the other calls. `instead`
        tells what to ask in place of a call that cannot be had; `later` is what no call is left for; `seen` is the last
        delivery that was known when the calls were planned: what other runs have fetched since is not fetched again.
        A window that opens after more than `patience` seconds is not waited for."""
        caller = fetching.Caller(self.conn, self.report.run_id, settings, self.progress, patience)
        seen = refusals.seen(self.conn) if seen is None else seen
        queue, waited, pages = deque(calls), 0, {call.url for call in calls}
        while queue:
            call = queue.popleft()
            if not refusals.claim(self.conn, call):
                queue.append(call)  # another run is making it: it is looked at again when the others are done
                waited += 1
                if waited >= len(queue):
                    time.sleep(0.1)
                continue
            waited = 0
            try:
                if refusals.answered(self.conn, call, seen, self.report.run_id):
                    continue
                queue.extendleft(reversed(self._fetch(caller, call, instead)))
                if self._more and (page := fetching.page(call, self._more)).url not in pages:
                    pages.add(page.url)
                    queue.appendleft(page)
            finally:
                refusals.release(self.conn, call)
        for call in later:
            self.report.leave(call, "no call is left for it")
        return self.report

    def _fetch(self, caller: fetching.Caller, call: Call, instead: Instead) -> Sequence[Call]:
        """Make one call and load what it brings; returns the calls to make in its place if it cannot be had."""
        self.progress(fetching.told(call))
        self._more = ""
        known = caller.shut.get(call.provider) or caller.unentitled.get((call.provider, call.endpoint))
        try:
            if known is not None:
                raise known
            caller.call(call, lambda payload: self._landed(call, payload))
        except (ProviderUnavailable, ProviderBusy, Permanent) as error:
            if others := instead(call, error):
                names = ", ".join(dict.fromkeys(f"{one.provider}: {one.why or one.kind}" for one in others))
                self.report.messages.append(f"{call.symbol or call.kind}: {error}; asked instead: {names}")
                return others
            if error is not known:
                self.report.failed.append(error)
            elif call.provider not in caller.shut:
                self.report.messages.append(f"{call.symbol or call.kind}: not asked: {error}")
            if call.provider in caller.shut or error.exit_code == 3:
                self.report.leave(call, str(error))
        finally:
            self.report.calls = dict(caller.calls)
        return ()

    def _landed(self, call: Call, payload: Payload) -> Payload:
        self.load(payloads.land(self.conn, self.report.run_id, payload, kind=call.kind))
        return payload

    def look_up(self, call: Call, settings: fetching.Given) -> Sequence[Listing]:
        """Ask a provider how it describes instruments; the answer is landed like any other."""
        self.progress(fetching.told(call))
        caller = fetching.Caller(self.conn, self.report.run_id, settings, self.progress)
        try:
            payload = caller.call(call, lambda found: self._landed(call, found))
        finally:
            for name, number in caller.calls.items():
                self.report.calls[name] = self.report.calls.get(name, 0) + number
        return providers.provider(call.provider).parse(payload).listings

    def replay(self, provider: str | None, since: datetime | None, waiting_only: bool = False) -> Report:
        """Read landed payloads again with today's parsers; no call is made."""
        for delivery_id in payloads.arrived(self.conn, provider, since, waiting_only):
            with payloads.reopen(self.conn, delivery_id) as delivery:
                try:
                    self.load(delivery, "load" if waiting_only else "replay")
                except Permanent as error:
                    self.report.failed.append(error)
        return self.report

    def decide(
        self, quarantine_id: int, verdict: str, reason: str, *, author: str, all_like: bool = False,
        factor: Decimal | None = None,
    ) -> list[int]:  # fmt: skip
        """A person's answer to a held row, or to all held rows like it: `accepted` (it stands as it is), `rescaled` (it
        stands with its prices multiplied by `factor`) or `rejected`. Returns the ids decided."""
        if (
            (verdict == "rescaled") != (factor is not None)
            or factor is not None
            and not (factor.is_finite() and factor > 0)
        ):
            raise Usage(f"a row is rescaled by a factor above zero such as 0.01, not by {factor}")
        with self.conn.transaction():
            entries = quarantine.held(self.conn, quarantine_id, all_like)
            told = {
                "act": "decide", "id": quarantine_id, "verdict": verdict, "all_like": all_like,
                "factor": None if factor is None else str(factor),
            }  # fmt: skip
            return self._decide(entries, verdict, reason, author, factor, told)

    def admit(self, mic: str, day: date, reason: str, *, author: str) -> list[int]:
        """A person says that `mic` did trade on `day`: the bars held as `not_a_session` are released."""
        instruments.check_mic(self.conn, mic)
        with self.conn.transaction():
            instruments.admit_session(self.conn, mic, day)
            found = quarantine.off_calendar(self.conn, mic, day)
            told = {"act": "admit", "mic": mic, "day": str(day)}
            return self._decide(found, "accepted", reason, author, None, told)

    def _decide(
        self, entries: Sequence[Entry], verdict: str, reason: str, author: str, factor: Decimal | None,
        told: Mapping[str, Any],
    ) -> list[int]:  # fmt: skip
        load = merge.begin(self.conn, self.report.run_id, "decision", author=author, reason=reason)
        runs.acted(self.conn, load.load_id, **told)
        counts = self.answer(load, entries, verdict, reason, author, factor)
        merge.close(self.conn, load, counts)
        self.report.counts += counts
        return [entry.quarantine_id for entry in entries]

    def answer(
        self, load: merge.Load, entries: Sequence[Entry], verdict: str, reason: str, author: str,
        factor: Decimal | None,
    ) -> Counts:  # fmt: skip
        """Store held rows as a person has answered, and write the answer beside them."""
        counts = Counts()
        if verdict != "rejected":
            for (kind, source), ids in quarantine.storable(entries, verdict).items():
                read = stage.held(self.conn, kind, ids, factor or Decimal(1))
                if kind == "price":
                    counts += merge.prices(self.conn, load, source, read, 0)
                elif kind == "rate":
                    counts += merge.rates(self.conn, load, read, 0)
                else:
                    counts += merge.actions(self.conn, load, source, read, 0)
                stage.clear(self.conn)
        ids = [entry.quarantine_id for entry in entries]
        quarantine.decided(self.conn, ids, verdict, factor, author, reason)
        return counts

    def load(self, delivery: Delivery, kind: str = "load") -> Counts:
        """Parse, stage, judge, merge and publish one landed delivery, and settle how it ended."""
        payload, version = delivery.payload, 0
        try:
            source = providers.provider(payload.provider)
            version = source.parser_version
            parsed = source.parse(payload)
            if parsed.message is not None:
                self.report.messages.append(f"{payload.request}: {parsed.message}")
                payloads.settle(self.conn, delivery.delivery_id, "nothing", version, parsed.message)
                return Counts()
            said = len(self.report.messages)
            try:
                counts, nothing = self._transaction(delivery, parsed, version, kind)
            except bulk.Scattered:
                del self.report.messages[said:]
                counts, nothing = self._transaction(
                    delivery, source.parse(payload), version, kind, sifted=False
                )
            if counts.inserted > bulk.LARGE:
                bulk.settle(self.conn)
            if nothing:
                self.report.messages.append(f"{payload.request}: {nothing}")
        except (Permanent, ProviderBusy) as error:
            state = "refused" if isinstance(error, Refused | ProviderBusy) else "unreadable"
            payloads.settle(self.conn, delivery.delivery_id, state, version, str(error))
            raise
        self.report.counts += counts
        self._more = parsed.more or ""
        return counts

    def _transaction(
        self, delivery: Delivery, parsed: Parsed, version: int, kind: str, *, sifted: bool = True
    ) -> tuple[Counts, str | None]:
        with self.conn.transaction():
            counts = self._publish(delivery, parsed, version, kind, sifted)
            nothing = None if counts.read or parsed.whole else "holds no bar, rate or action to load"
            state = "nothing" if nothing else "loaded"
            payloads.settle(self.conn, delivery.delivery_id, state, version, nothing)
        return counts, nothing

    def _publish(self, delivery: Delivery, parsed: Parsed, version: int, kind: str, sifted: bool) -> Counts:
        conn, payload, counts = self.conn, delivery.payload, Counts()
        load = self._open(delivery, version, kind)
        true_at = delivery.known_at or payload.fetched_at
        source = self._source(payload.provider, payload.provider)
        resolve = Resolver(conn, payload)
        for listing in parsed.listings:
            resolve.declare(listing)
        moved = 0
        if (read := self._sift("action", stage.actions(conn, parsed.actions, resolve))) or parsed.whole:
            resolve.fill_action_units()
            held = judge(conn, "action", true_at, source, load.load_id)
            about = self._about(parsed.about, payload)
            counts += merge.actions(
                conn, load, source, read, held, sorted(parsed.whole), about.instrument_id if about else None
            )
            moved += self.rejudge(load) if walk(conn) else 0
            stage.clear(conn)
        self.progress(f"reading {payload.request}")
        short = bulk.Bulk(conn, load, source) if sifted and kind == "load" and not load.backdated else None
        bars = self._stage(parsed.bars, Screen(conn, true_at), resolve, short)
        counts += short.counts if short else Counts()
        resolve.fill_units()
        if bars.rows:
            self.progress(f"judging and storing {bars.rows:,} bars")
            held = judge(
                conn, "price", true_at, source, load.load_id, distinct=bars.ordered,
                suspects=bool(bars.suspects), replay_of=load.replay_of,
            )  # fmt: skip
            known = answered(conn, source) if held else 0
            aside = order.keep_shadow(conn, load, source)
            merged = merge.prices(conn, load, source, bars.rows - aside.read, held, ordered=bars.ordered)
            counts += aside
            counts += replace(merged, quarantined=held - known, unchanged=merged.unchanged + known)
            moved += self.rejudge(load)
            stage.clear(conn)
        named = cache(lambda name: self._source(name, payload.provider))
        if read := self._sift("rate", stage.rates(conn, parsed.rates, named)):
            self.progress(f"judging and storing {read:,} rates")
            held = judge(conn, "rate", true_at, source, load.load_id)
            counts += merge.rates(conn, load, read, held)
        self._close(load, counts, moved)
        for fault in list(resolve.faults)[:3]:
            self.report.messages.append(f"{payload.request}: {fault}; its rows are held")
        return counts

    def _open(self, delivery: Delivery, version: int, kind: str) -> merge.Load:
        return merge.begin(
            self.conn, self.report.run_id, kind, delivery_id=delivery.delivery_id, parser_version=version,
            known_at=None if kind == "replay" else delivery.known_at,
        )  # fmt: skip

    def _close(self, load: merge.Load, counts: Counts, moved: int) -> None:
        merge.close(self.conn, load, counts, moved=bool(moved))

    def _sift(self, kind: str, read: int) -> int:
        """Staged actions or rates on their way to the judge; returns how many were read."""
        return read

    def _source(self, name: str, by: str) -> int:
        """The publisher of that name, as its provider declares it; one that no provider declares is a person's own
        where `files` says it."""
        declared = providers.publisher(name)
        handmade = declared is None and name != by and by == "files"
        return instruments.source_id(self.conn, name, handmade, declared)

    def _stage(
        self, bars: Iterable[DataFrame], screen: Screen, resolve: Resolver, short: bulk.Bulk | None
    ) -> stage.Bars:
        """Stage bars. A large file is parsed ahead and screened first, and part of it may take a short way."""
        frames = stage.readable(bars)
        first = next(frames, None)
        if first is None or first.height < bulk.LARGE:
            return stage.bars(
                self.conn, stage.placed(chain([] if first is None else [first], frames), resolve)
            )
        ready = ahead(map(screen.by_row, chain([first], frames)))
        placed = map(screen.by_place, stage.placed(ready, resolve))
        return stage.bars(self.conn, short.sift(placed) if short else placed)

    def _about(self, symbol: str | None, payload: Payload) -> Instrument | None:
        """The instrument of which a payload states a whole list."""
        if symbol is None:
            return None
        return instruments.find(self.conn, symbol, payload.provider, payload.fetched_at.date())

    def rejudge(self, load: merge.Load) -> int:
        """Bars read before are judged again where new ones or new splits stand beside them: stored ones that are now
        behind a jump are held, held ones that are no more behind one are let go. They are no rows of this
        payload: a message tells of them."""
        withdrawn, free = merge.hold_back(self.conn, load), released(self.conn)
        for source, ids in free.items():
            self.let_go(load, source, ids)
        freed = sum(map(len, free.values()))
        for number, what in (
            (withdrawn, "bars stored before now stand behind a unit_jump and are held"),
            (freed, "bars held for a unit_jump stand behind none now and are loaded"),
        ):
            if number:
                self.report.messages.append(f"{number} {what}")
        return withdrawn + freed

    def let_go(self, load: merge.Load, source: int, ids: Sequence[int]) -> None:
        """Store held bars. They stay the word of the run that brought them: taking that one back takes them away, and
        taking back the one that let them go does not."""
        origins = quarantine.origins(self.conn, ids)
        words = mending.again(self.conn, load, [origin for origin, _ in origins])
        loads = dict(zip(words["origins"], words["loads"], strict=True))
        for origin, some in origins:
            stage.clear(self.conn)
            stage.held(self.conn, "price", some, Decimal(1))
            merge.prices(self.conn, replace(load, load_id=loads[origin]), source, len(some), 0)
