"""The ledger of calls: taken before a call is sent, in the database, so it survives a restart and workers share it.

A day is the provider's own, from midnight to midnight in its time zone. A refusal seen from the provider closes the
window it names, whatever the ledger says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import psycopg

from ticker_converter import sql
from ticker_converter.errors import QuotaSpent


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls allowed per second, minute and day (None: no such limit); `time_zone` resets the day."""

    per_second: int | None
    per_minute: int | None
    per_day: int | None
    time_zone: str


def key_id(key: str | None) -> str:
    """What the ledger calls a key: tells keys apart, reveals none."""
    return sha256((key or "").encode()).hexdigest()[:12]


def take(
    conn: psycopg.Connection, provider: str, key: str, limits: Limits, run_id: int, request: str
) -> float:
    """Take one call: 0.0 when it may go now and is counted, else the seconds to wait before asking again.

    QuotaSpent when the day's calls are used up or the provider has closed the window."""
    with conn.transaction():
        conn.execute(sql.load("landing/quota_lock"), {"provider": provider, "key_id": key})
        row = conn.execute(
            sql.load("landing/quota_room"),
            {
                "provider": provider, "key_id": key, "per_second": limits.per_second, "per_minute": limits.per_minute,
                "per_day": limits.per_day, "time_zone": limits.time_zone,
            },
        ).fetchone()  # fmt: skip
        assert row is not None
        left, resets, wait, closed = row
        resets = resets.astimezone(UTC)
        if closed is not None:
            raise QuotaSpent(f"{provider}: {closed}; the window opens again at {resets:%Y-%m-%d %H:%M} UTC")
        if left is not None and left <= 0:
            raise QuotaSpent(
                f"{provider}: the {limits.per_day} calls of today are spent; the next are free at "
                f"{resets:%Y-%m-%d %H:%M} UTC"
            )
        if wait > 0:
            return float(wait)
        conn.execute(
            sql.load("landing/quota_take"),
            {"provider": provider, "key_id": key, "run_id": run_id, "request": request},
        )
        return 0.0


def left(conn: psycopg.Connection, provider: str, key: str, limits: Limits) -> tuple[int | None, datetime]:
    """Calls left today (None: no daily limit; 0 while the provider keeps the window closed) and when the day resets."""
    row = conn.execute(
        sql.load("landing/quota_room"),
        {
            "provider": provider, "key_id": key, "per_second": None, "per_minute": None,
            "per_day": limits.per_day, "time_zone": limits.time_zone,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return (0 if row[3] is not None else row[0]), row[1]


def close(conn: psycopg.Connection, provider: str, key: str, time_zone: str, message: str) -> None:
    """The provider said that today's calls are spent: nothing more is sent until its midnight."""
    conn.execute(
        sql.load("landing/quota_close"),
        {"provider": provider, "key_id": key, "time_zone": time_zone, "message": message},
    )
