"""The ledger of calls: taken before a call is sent, in the database, so it survives a restart and workers share it.

A day is the provider's own, from midnight to midnight in its time zone, and so is a month; a second, a minute and an
hour are any such span. A refusal seen from the provider closes the window it names for the key that it came to,
whatever the ledger says; another key goes on. It refuses to wait: the seconds are told, the caller waits or does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import psycopg

from ticker_converter import sql
from ticker_converter.errors import BadKey, QuotaSpent


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls allowed per second, minute, day, hour and month (None: no such limit); `time_zone` resets the day."""

    per_second: int | None
    per_minute: int | None
    per_day: int | None
    time_zone: str
    per_hour: int | None = None
    per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What a key may still call. `left` is of the hour, day and month together (None: no such limit; 0 while the
    provider keeps the window closed), `resets` when more are free, `wait` seconds for the second's and the minute's
    limits."""

    left: int | None
    resets: datetime
    wait: float = 0.0
    span: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One call that may go now with the key called so, or (None) the seconds to wait before asking again."""

    key_id: str | None
    wait: float = 0.0


def key_id(key: str | None) -> str:
    """What the ledger calls a key: tells keys apart, reveals none."""
    return sha256((key or "").encode()).hexdigest()[:12]


def room(conn: psycopg.Connection, provider: str, key: str, limits: Limits) -> Room:
    """What one key may still call; nothing is taken."""
    row = conn.execute(
        sql.load("landing/quota_room"),
        {
            "provider": provider, "key_id": key, "per_second": limits.per_second, "per_minute": limits.per_minute,
            "per_hour": limits.per_hour, "per_day": limits.per_day, "per_month": limits.per_month,
            "time_zone": limits.time_zone,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    left, spent, resets, wait, span, until, message = row
    resets, wait = resets.astimezone(UTC), float(wait)
    if span is not None and span != "burst":
        until = until.astimezone(UTC)
        return Room(0, max(until, resets) if spent else until, wait, span, message)
    return Room(None if left is None else max(left, 0), resets, wait, spent)


def take(
    conn: psycopg.Connection, provider: str, keys: Sequence[str], limits: Limits, run_id: int, request: str
) -> Turn:
    """Take one call with the first of `keys` that may call now.

    QuotaSpent when none may before a window of an hour or longer opens; BadKey when the provider accepts none."""
    waits: list[float] = []
    shut: list[Room] = []
    for key in keys:
        with conn.transaction():
            conn.execute(sql.load("landing/quota_lock"), {"provider": provider, "key_id": key})
            found = room(conn, provider, key, limits)
            if found.left == 0:
                shut.append(found)
            elif found.wait > 0:
                waits.append(found.wait)
            else:
                conn.execute(
                    sql.load("landing/quota_take"),
                    {"provider": provider, "key_id": key, "run_id": run_id, "request": request},
                )
                return Turn(key)
    if waits:
        return Turn(None, min(waits))
    raise _spent(provider, limits, shut)


def _spent(provider: str, limits: Limits, shut: Sequence[Room]) -> QuotaSpent | BadKey:
    first = min(shut, key=lambda one: one.resets)
    if all(one.span == "key" for one in shut):
        return BadKey(f"{first.message}; it is tried again from {first.resets:%Y-%m-%d %H:%M} UTC")
    first = min((one for one in shut if one.span != "key"), key=lambda one: one.resets)
    when, of = f"{first.resets:%Y-%m-%d %H:%M} UTC", "" if len(shut) == 1 else f" of {len(shut)} keys"
    if first.message is not None:
        said = f"{provider}: {first.message}; the window opens again at {when}"
        return QuotaSpent(said, first.span or "day", first.resets)
    number, words = {
        "month": (limits.per_month, "this month"), "hour": (limits.per_hour, "an hour"),
    }.get(first.span or "day", (limits.per_day, "today"))  # fmt: skip
    said = f"{provider}: the {number} calls of {words}{of} are spent; the next are free at {when}"
    return QuotaSpent(said, first.span or "day", first.resets)


def close(
    conn: psycopg.Connection, provider: str, key: str, span: str, time_zone: str, message: str,
    seconds: float = 0.0,
) -> None:  # fmt: skip
    """The provider said that a window of this key is closed: nothing more is sent with it until it opens. `span`: burst
    (for `seconds`), hour, day, month, or key: the key itself is not accepted (for a day)."""
    conn.execute(
        sql.load("landing/quota_close"),
        {
            "provider": provider, "key_id": key, "span": span, "seconds": seconds, "time_zone": time_zone,
            "message": message,
        },
    )  # fmt: skip
