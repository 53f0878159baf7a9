"""What providers refused for good, so that no call is spent on it again for days; and calls that several runs want.

It never decides: a person who names the symbol or the provider asks again, and one answer ends the memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from ticker_converter import sql
from ticker_converter.errors import NoSuchSymbol, NotEntitled, Refused
from ticker_converter.records import Call

#: Days for which a refusal is remembered, by what it is: symbols are listed and plans change, faults pass sooner.
DAYS = {NoSuchSymbol: 7.0, NotEntitled: 7.0, Refused: 0.25}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing a provider said no to, and until when it is not asked for."""

    provider: str
    key_id: str
    kind: str
    subject: str
    refused_at: datetime
    until: datetime
    message: str


def subject(call: Call, error: Refused) -> tuple[str, str]:
    """What a refusal of this call is about, as (kind, subject): an endpoint, or one symbol's calls of a kind."""
    if isinstance(error, NotEntitled) and call.endpoint:
        return "endpoint", call.endpoint
    return call.kind, call.symbol or call.url


def remember(conn: psycopg.Connection, call: Call, key_id: str, error: Refused, run_id: int) -> None:
    """Remember a refusal; an unknown symbol is unknown whatever the key."""
    kind, about = subject(call, error)
    conn.execute(
        sql.load("landing/refusal_add"),
        {
            "provider": call.provider, "key_id": key_id if isinstance(error, NotEntitled) else "", "kind": kind,
            "subject": about, "days": DAYS.get(type(error), DAYS[Refused]), "run_id": run_id, "message": str(error),
        },
    )  # fmt: skip


def forget(conn: psycopg.Connection, call: Call, key_id: str) -> None:
    """The call was answered: nothing speaks against it any more."""
    conn.execute(
        sql.load("landing/refusal_forget"),
        {
            "provider": call.provider, "key_id": key_id, "kind": call.kind, "subject": call.symbol or call.url,
            "endpoint": call.endpoint,
        },
    )  # fmt: skip


def remembered(conn: psycopg.Connection) -> list[Refusal]:
    """All that still holds."""
    return [Refusal(*row) for row in conn.execute(sql.load("landing/refusals")).fetchall()]


def claim(conn: psycopg.Connection, call: Call) -> bool:
    """Hold a call while it is made; False: another process is making it."""
    words = {"provider": call.provider, "request": call.url}
    return conn.execute(sql.load("landing/call_claim"), words).fetchone() == (True,)


def release(conn: psycopg.Connection, call: Call) -> None:
    """Let a claimed call go."""
    conn.execute(sql.load("landing/call_release"), {"provider": call.provider, "request": call.url})


def answered(conn: psycopg.Connection, call: Call, seen: int, run_id: int) -> bool:
    """Whether another run has landed the call's answer since delivery `seen`."""
    words = {"provider": call.provider, "request": call.url, "seen": seen, "run_id": run_id}
    return conn.execute(sql.load("landing/call_answered"), words).fetchone() == (True,)


def seen(conn: psycopg.Connection) -> int:
    """The last delivery there is: what a plan made now knows."""
    return int((conn.execute(sql.load("landing/delivery_last")).fetchone() or (0,))[0])
