"""Calls to providers, within their quotas: which key goes, what is tried again, and what is not asked again.

Every try is taken from the ledger before it is sent. A failure that may pass (no answer, 5xx, asked to slow down) is
tried again a few times, after a wait with full jitter; a refusal for good is remembered and not tried again. A key that
is spent or refused gives way to the next one. It never decides what to fetch, and reads no payload itself.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from ticker_converter import providers
from ticker_converter.db import Connection
from ticker_converter.errors import (
    BadKey,
    BadSetting,
    NotEntitled,
    ProviderBusy,
    ProviderUnavailable,
    QuotaSpent,
    Refused,
    TickerConverterError,
)
from ticker_converter.landing import quota, refusals
from ticker_converter.records import Call, Payload

TRIES = 3
"Times that one call is sent before it is left for the next run."
FIRST, LONGEST = 1.0, 30.0
"Seconds: the wait before the second try is anything up to FIRST, and doubles from try to try up to LONGEST."
PATIENCE = 75.0
"Seconds that a run waits for a window to open, unless it is told otherwise; a longer one is left to the next run."
DOWN = 2
"Calls in a row that a provider may leave unanswered before this run asks it nothing more."

Given = Callable[[str], Mapping[str, object]]
Answer = TypeVar("Answer")


def keys(given: Mapping[str, object]) -> dict[str, str]:
    """A provider's keys by what the ledger calls them, in the order set; one that is empty for a provider without."""
    several = given.get("api_keys")
    listed = [str(key) for key in several] if isinstance(several, tuple | list) else []
    return {quota.key_id(key): key for key in listed or [str(given.get("api_key") or "")]}


def limits(provider: str, given: Mapping[str, object]) -> quota.Limits:
    """The quota that a provider states for its settings."""
    stated = providers.provider(provider)(given).quota()
    return quota.Limits(
        stated.per_second,
        stated.per_minute,
        stated.per_day,
        stated.time_zone,
        stated.per_hour,
        stated.per_month,
    )


def rooms(conn: Connection, provider: str, given: Mapping[str, object]) -> dict[str, quota.Room]:
    """What each of a provider's keys may still call, by what the ledger calls it."""
    stated = limits(provider, given)
    return {key_id: quota.room(conn, provider, key_id, stated) for key_id in keys(given)}


def told(call: Call) -> str:
    """A call in the words of progress."""
    return f"{call.provider}: {call.kind} {call.symbol or ''}".rstrip()


def page(call: Call, more: str) -> Call:
    """The call for an answer's next page, at the address that was called: a body never says to whom a key is sent."""
    said, asked = urlsplit(more), urlsplit(call.url)
    url = urlunsplit((asked.scheme, asked.netloc, said.path, said.query, ""))
    return replace(call, url=url, why="the next page")


class Caller:
    """Makes the calls of one run. `calls` counts what was sent, `shut` says why a provider is asked nothing more, and
    `unentitled` why an endpoint of it is not."""

    def __init__(
        self, conn: Connection, run_id: int, settings: Given, progress: Callable[[str], None],
        patience: float | None = None,
    ) -> None:  # fmt: skip
        self.conn, self.run_id, self.settings, self.progress = conn, run_id, settings, progress
        self.patience = PATIENCE if patience is None else patience
        self.calls: dict[str, int] = {}
        self.shut: dict[str, TickerConverterError] = {}
        self.unentitled: dict[tuple[str, str], TickerConverterError] = {}
        self._unanswered: Counter[str] = Counter()

    def call(self, call: Call, read: Callable[[Payload], Answer]) -> Answer:
        """Make a call and `read` what it brought, until it is answered or refused for good; raises the last refusal or
        failure. QuotaSpent, BadKey, ProviderBusy and, after several calls, ProviderUnavailable shut the provider."""
        try:
            found = self._tried(call, read)
        except (QuotaSpent, BadKey, ProviderBusy, BadSetting) as error:
            self.shut.setdefault(call.provider, error)
            raise
        except NotEntitled as error:
            if call.endpoint:
                self.unentitled[call.provider, call.endpoint] = error
            raise
        except ProviderUnavailable as error:
            self._unanswered[call.provider] += 1
            if self._unanswered[call.provider] >= DOWN:
                self.shut.setdefault(call.provider, error)
            raise
        self._unanswered[call.provider] = 0
        return found

    def _tried(self, call: Call, read: Callable[[Payload], Answer]) -> Answer:
        given = self.settings(call.provider)
        stated, known, refused = limits(call.provider, given), keys(given), dict[str, Refused]()
        failures = 0
        while True:
            left = [key_id for key_id in known if key_id not in refused]
            if not left:
                raise list(refused.values())[-1]
            key_id = self._turn(call, left, stated)
            source = providers.provider(call.provider)({**given, "api_key": known[key_id]})
            self.calls[call.provider] = self.calls.get(call.provider, 0) + 1
            try:
                found = read(source.fetch(call))
                refusals.forget(self.conn, call, key_id)
                return found
            except ProviderBusy as error:
                self._close(call, key_id, "burst", stated, error, error.retry_after)
                failed: ProviderBusy | ProviderUnavailable = error
            except ProviderUnavailable as error:
                failed = error
            except QuotaSpent as error:
                self._close(call, key_id, error.span, stated, error)
                refused[key_id] = error
                continue
            except BadKey as error:
                self._close(call, key_id, "key", stated, error)
                refused[key_id] = error
                continue
            except NotEntitled as error:
                refusals.remember(self.conn, call, key_id, error, self.run_id)
                refused[key_id] = error
                continue
            except Refused as error:
                refusals.remember(self.conn, call, key_id, error, self.run_id)
                raise
            failures += 1
            if failures >= TRIES:
                raise failed
            self._pause(call, random.uniform(0, min(LONGEST, FIRST * 2 ** (failures - 1))), "tries again")

    def _turn(self, call: Call, key_ids: list[str], stated: quota.Limits) -> str:
        while True:
            turn = quota.take(self.conn, call.provider, key_ids, stated, self.run_id, call.url)
            if turn.key_id is not None:
                return turn.key_id
            if turn.wait > self.patience:
                again = datetime.now(UTC) + timedelta(seconds=turn.wait)
                raise ProviderBusy(
                    f"{call.provider}: asked to be left alone until {again:%Y-%m-%d %H:%M} UTC", turn.wait
                )
            self._pause(call, turn.wait, "waits for its rate limit")

    def _close(
        self, call: Call, key_id: str, span: str, stated: quota.Limits, error: TickerConverterError,
        seconds: float = 0.0,
    ) -> None:  # fmt: skip
        quota.close(self.conn, call.provider, key_id, span, stated.time_zone, str(error), seconds)

    def _pause(self, call: Call, seconds: float, why: str) -> None:
        self.progress(f"{call.provider}: {why} in {seconds:.0f} s")
        time.sleep(seconds)
