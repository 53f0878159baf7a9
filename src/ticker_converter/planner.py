"""Which calls a sync makes, in which order: decided from what is stored, before anything is fetched.

Pure: `coverage` reads what is stored and left. A provider says which calls bring what (`calls`); here it is decided for
what to ask, with which provider, and what not to spend a call on.

The order: rates (every conversion needs them), prices of what is stored, the most sessions behind first, then what was
never loaded, in the order of the list, then shadows, then the lists of actions. Each gets the first of its providers
that has calls left; what no provider has a call for is left for later, and it is said until when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ticker_converter import fetching, providers
from ticker_converter.coverage import ANNOUNCED, Coverage, Room, Stored
from ticker_converter.errors import NotEntitled, TickerConverterError, Usage
from ticker_converter.market import sessions, symbols
from ticker_converter.providers.base import Provider
from ticker_converter.records import Call, Kind, Window
from ticker_converter.settings import Settings

ACTIONS_AFTER = timedelta(days=30)
"Whole lists of splits and dividends are asked for again after this time."
AGAIN = 5
"So many of the last stored sessions are asked for again: a bar taken minutes after the close is often wrong."
EARLIEST = timedelta(hours=3)
"What was due and did not come is asked for again after this time, and then after twice as long each time."
ASLEEP, ASLEEP_AFTER = timedelta(days=7), 10
"An instrument that stays more than 10 sessions behind though its provider answers is asked for once a week."


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls in order, those no call is left for, the providers of both, and what a person should know. `finish`:
    when the last of the later calls can be made, by provider."""

    calls: Sequence[Call]
    providers: Sequence[str]
    notes: Sequence[str] = ()
    later: Sequence[Call] = ()
    finish: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Want:
    """One thing to fetch: what each provider that could do it would be asked, in order of preference."""

    rank: tuple[int, int, int]
    options: Sequence[Sequence[Call]]


class Planner:
    """Decides for one run. `named`: a person named the symbols (or the provider), so that what was refused is asked
    again; `history`: a backfill, which asks for what is missing of the window and for nothing newer."""

    def __init__(
        self, stored: Coverage, settings: Settings, window: Window, *, provider: str | None = None,
        named: bool = False, history: bool = False, now: datetime | None = None,
        room: Mapping[str, Room] | None = None,
    ) -> None:  # fmt: skip
        if provider is not None:
            providers.provider(provider)
        self.stored, self.settings, self.window, self.history = stored, settings, window, history
        self.only, self.named, self.now = provider, named, now or datetime.now(UTC)
        self.room, self.notes, self._later = room or {}, list[str](), list[Call]()
        self._left = {name: one.left for name, one in self.room.items()}
        self._whose: dict[tuple[str, str], Stored] = {}
        self._refused = {} if named or provider else self._known_refusals()
        self._premium = {
            name: {subject for who, kind, subject in self._refused if (who, kind) == (name, "endpoint")}
            for name in providers.names()
        }
        self._made: dict[str, Provider] = {
            name: self._make(name) for name in providers.names() if provider in (None, name)
        }

    def plan(self) -> Plan:
        """The calls that would be made now."""
        wants = sorted(
            [*self._rates(), *self._prices(), *self._shadows(), *self._actions()], key=lambda want: want.rank
        )
        calls: list[Call] = []
        for want in wants:
            calls += self._chosen(want)
        number = Counter(call.provider for call in calls)
        waiting = Counter(call.provider for call in self._later)
        finish = {name: self._finish(name, count) for name, count in waiting.items()}
        for name, count in waiting.items():
            self.notes.append(
                f"{name}: {_calls(number[name])} now, {count} later: no more are left; "
                f"the last can be made on {finish[name]:%Y-%m-%d %H:%M} UTC"
                + (f", at {self.room[name].a_day} a day" if self.room[name].a_day else "")
            )
        names = dict.fromkeys(call.provider for call in [*calls, *self._later])
        return Plan(calls, list(names), self.notes, self._later, finish)

    def instead(self, call: Call, error: TickerConverterError) -> Sequence[Call]:
        """What to ask in place of a call that cannot be had: less of the same provider where the key may not call this
        much, else the instrument's next provider. The pipeline asks while it runs."""
        one = self._whose.get((call.provider, call.symbol or ""))
        if one is None or call.kind not in ("prices", "actions"):
            return ()
        if isinstance(error, NotEntitled) and call.endpoint:
            self._refused[call.provider, "endpoint", call.endpoint] = str(error)
            self._premium.setdefault(call.provider, set()).add(call.endpoint)
            self._made[call.provider] = self._make(call.provider)
            less = self._asked(one, call.provider, call.kind)
            if less and call.url not in [each.url for each in less]:
                return less
        if call.provider in one.shadows and call.provider not in one.providers:
            return ()
        after = (
            one.providers[one.providers.index(call.provider) + 1 :] if call.provider in one.providers else ()
        )
        for name in after:
            if self._left.get(name) != 0 and (calls := self._asked(one, name, call.kind)):
                return calls
        return ()

    def whose(self, call: Call) -> str | None:
        """The symbol of the list that a call is about, whatever the provider calls it; None for a call of rates."""
        one = self._whose.get((call.provider, call.symbol or ""))
        return one.symbol if one else None

    # ---- what is wanted ----

    def _rates(self) -> Iterable[_Want]:
        named = [self.only] if self.only else []  # rates of a provider that a person names need no FX_SOURCES
        for place, name in enumerate(dict.fromkeys((*self.settings.fx_sources, *named))):
            if name not in self._made or self.history:
                known = name in providers.names() or name in self.stored.rates_until
                if self.only is None and not known:
                    self.notes.append(
                        f"FX_SOURCES names {name}: no provider and no stored rate has that name"
                    )
                continue
            until = self.stored.rates_until.get(name)
            closed = sessions.last_closed("TARGET" if name == "ecb" else None, self.now)
            asked = self.stored.answered.get((name, "rates", ""))
            if not self._given() and not self._due(until, closed, asked, None):
                continue
            if calls := self._of(name, "rates", None, self.window, until):
                yield _Want((0, 0, place), [calls])

    def _prices(self) -> Iterable[_Want]:
        for one in self.stored.instruments:
            if one.today.listed_to is not None and not self.history:
                self._note(
                    f"{one.symbol} was delisted on {one.today.listed_to}: nothing new is fetched for it"
                )
                continue
            due, options = True, list[Sequence[Call]]()
            for name in one.providers:
                if self._spelled(one, name) is None:
                    continue
                if not options and not self._behind(one, name):
                    due = False
                    break
                if calls := self._asked(one, name, "prices"):
                    options.append(calls)
            if due and options:
                late = sessions.behind(one.mic, one.last_session, self.now) if one.last_session else -1
                yield _Want((1, -late, one.place), options)
            elif self.named and self.only is None and set(one.providers) == {"files"}:
                self.notes.append(f"{one.symbol} is imported by hand: nothing is fetched for it")

    def _shadows(self) -> Iterable[_Want]:
        for one in self.stored.instruments:
            for name in one.shadows:
                if name in one.providers or not self._spelled(one, name):
                    continue
                if self._behind(one, name, shadow=True) and (calls := self._asked(one, name, "prices")):
                    yield _Want((2, 0, one.place), [calls])

    def _actions(self) -> Iterable[_Want]:
        for one in self.stored.instruments:
            for name in one.providers:
                if self._spelled(one, name) is None or not (calls := self._asked(one, name, "actions")):
                    continue
                if wanted := [call for call in calls if self._stale(one, call)]:
                    yield _Want((3, 0, one.place), [wanted])
                break

    def _asked(self, one: Stored, name: str, kind: Kind) -> Sequence[Call]:
        """What this provider would be asked about an instrument, without what it refused before."""
        spelled = self._spelled(one, name)
        if spelled is None:
            return ()
        window, last = self.window, one.last_session
        if kind == "actions":
            window, last = Window(), None
        elif self.history:
            if one.missing is None:
                return ()
            window, last = Window(*one.missing), None
        elif window.since is None and last is not None and name not in one.shadows:
            window = Window(sessions.back(one.mic, last, AGAIN), window.until)
        calls = self._of(name, kind, spelled, window, last)
        if self.history and kind == "prices":
            return [call for call in calls if (name, call.url) not in self.stored.loaded]
        return calls

    def _stale(self, one: Stored, call: Call) -> bool:
        """Whether a list of actions is due: monthly, and once in the days before an announced ex-date."""
        last = self.stored.loaded.get((call.provider, call.url))
        if last is None or self.now - last > ACTIONS_AFTER:
            return True
        soon = datetime.combine(one.ex_date, datetime.min.time(), UTC) if one.ex_date else None
        return soon is not None and last < soon - ANNOUNCED <= self.now

    def _behind(self, one: Stored, name: str, shadow: bool = False) -> bool:
        """Whether a session has closed that is not stored, and the provider was not asked for it just now."""
        if self.history:
            return one.missing is not None
        if self._given():
            return True
        asked = self.stored.answered.get((name, "prices", self._spelled(one, name) or ""))
        closed = sessions.last_closed(one.mic, self.now)
        if shadow:  # what is stored is the others': it is asked once after each close
            return closed is None or asked is None or asked < closed[1]
        behind = sessions.behind(one.mic, one.last_session, self.now) if one.last_session else None
        return self._due(one.last_session, closed, asked, behind)

    def _due(
        self,
        last: date | None,
        closed: tuple[date, datetime] | None,
        asked: datetime | None,
        behind: int | None,
    ) -> bool:
        if closed is None or (last is not None and last >= closed[0]):
            return closed is None
        if asked is None:
            return True
        if behind is not None and behind > ASLEEP_AFTER:
            return self.now - asked >= ASLEEP
        return self.now - asked >= max(EARLIEST, asked - closed[1])

    def _given(self) -> bool:
        return self.window.since is not None or self.window.until is not None

    # ---- by whom ----

    def _chosen(self, want: _Want) -> Sequence[Call]:
        """The calls of the first provider that has enough left; else they wait."""
        for calls in want.options:
            left = self._left.get(calls[0].provider)
            if left is None or left >= len(calls):
                if left is not None:
                    self._left[calls[0].provider] = left - len(calls)
                return calls
        calls = want.options[0]
        left = self._left.get(calls[0].provider) or 0
        self._left[calls[0].provider] = 0
        self._later += calls[left:]
        return calls[:left]

    def _finish(self, name: str, waiting: int) -> datetime:
        room = self.room[name]
        first = room.resets or self.now
        return first + timedelta(days=(waiting - 1) // room.a_day if room.a_day else 0)

    def _make(self, name: str) -> Provider:
        given = self.settings.provider_settings(name)
        return providers.provider(name)({**given, "premium": frozenset(self._premium.get(name, ()))})

    def _spelled(self, one: Stored, name: str) -> str | None:
        if name not in self._made or name == "files":
            return None
        try:
            spelled = one.today.names.get(name) or symbols.to_provider(
                one.symbol, symbols.table(name), one.mic
            )
        except Usage as error:
            self._note(str(error))
            return None
        self._whose[name, spelled] = one
        return spelled

    def _of(
        self, name: str, kind: Kind, spelled: str | None, window: Window, last: date | None
    ) -> Sequence[Call]:
        """The provider's calls without those it refused before; none, and a note, where it lacks a setting."""
        try:
            return self._allowed(self._made[name].calls(kind, spelled, window, last))
        except Usage as error:
            self._note(str(error))
            return ()

    def _allowed(self, calls: Sequence[Call]) -> Sequence[Call]:
        kept = []
        for call in calls:
            said = self._refused.get((call.provider, "endpoint", call.endpoint)) or self._refused.get(
                (call.provider, call.kind, call.symbol or call.url)
            )
            if said is None:
                kept.append(call)
            else:
                self._note(f"not asked: {said}")
        return kept

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _known_refusals(self) -> dict[tuple[str, str, str], str]:
        """What every key of a provider was refused, with the words to say."""
        found: dict[tuple[str, str, str], str] = {}
        given = {name: self.settings.provider_settings(name) for name in providers.names()}
        by: dict[tuple[str, str, str], set[str]] = {}
        for one in self.stored.refused:
            subject = (one.provider, one.kind, one.subject)
            by.setdefault(subject, set()).add(one.key_id)
            if "" in by[subject] or by[subject] >= set(fetching.keys(given.get(one.provider, {}))):
                found[subject] = f"{one.message} (until {one.until:%Y-%m-%d}; naming it asks again)"
        return found


def plan(
    stored: Coverage, settings: Settings, window: Window, *, provider: str | None = None, named: bool = False,
    now: datetime | None = None, room: Mapping[str, Room] | None = None, history: bool = False,
) -> Plan:  # fmt: skip
    """The calls of a Planner."""
    return Planner(
        stored, settings, window, provider=provider, named=named, now=now, room=room, history=history
    ).plan()


def _calls(number: int) -> str:
    return f"{number} call{'' if number == 1 else 's'}"
