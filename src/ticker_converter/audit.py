"""The audit trail: who did what, in what order, and whether anybody has touched it since.

    note(conn, act, subject, detail, actor)             one event; others are noted by triggers (migration 0021)
    context(conn, asked)                                who acts in this session
    events(conn, ...) -> list                           oldest first
    head(conn) -> Head                                  number and hash of the newest; keep it elsewhere
    verify(conn, heads) -> Verdict                      what was changed, removed, added or cut
    started(conn, settings, process)                    note what settings changed since the last start

Each event holds the hash of the one before and of itself, over every column. Somebody who may write everywhere can make
the whole chain anew; against that only a head helps that was kept elsewhere (`audit head` prints it).
The hashes are computed here a second time, not by the database that is being checked.

It never holds a secret, nor a person's name: a user is user:ID, an address is cut to its network.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import Usage
from ticker_converter.secret import Secret
from ticker_converter.settings import Settings

__all__ = [
    "NOBODY", "Asked", "Finding", "Head", "Verdict", "context", "events", "head", "network", "newest", "note",
    "started", "verify",
]  # fmt: skip

_ACT = re.compile(r"[a-z_]+(\.[a-z_]+)*")
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
#: `previous` of the first event.
GENESIS = hashlib.sha256(b"ticker-converter audit").digest()
#: Findings that are told; a chain made anew from the middle would have one for each event.
TOLD = 100


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event's number and hash."""

    event_id: int
    sha256: bytes

    def __str__(self) -> str:
        return f"{self.event_id}:{self.sha256.hex()}"

    @classmethod
    def parsed(cls, text: str) -> Head:
        """From the form that `str` gives; Usage when it is not of that form."""
        match = _HEAD.fullmatch(text.strip())
        if match is None:
            raise Usage(
                f"{text[:90]!r} is no head such as 1041:9f86d0...: `ticker-converter audit head` prints one"
            )
        return cls(int(match[1]), bytes.fromhex(match[2]))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who acts (empty: the row itself says it), from which network or process, and for which request."""

    actor: str = ""
    origin: str = ""
    request_id: str = ""


NOBODY = Asked()


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and at which event."""

    event_id: int
    finding: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many events were read, the first TOLD findings, and how many there are."""

    events: int
    findings: list[Finding]
    wrong: int


def note(
    conn: Connection, act: str, subject: str | None = None, detail: Mapping[str, Any] | None = None, *,
    actor: str | None = None,
) -> None:  # fmt: skip
    """Note an event in the transaction that is open. `actor` is who the session's context names, unless given."""
    if not _ACT.fullmatch(act) or len(act) > 60:
        raise Usage(
            f"{act[:80]!r} is no act such as deploy or deploy.rolled_back: lower case, parted by dots"
        )
    given = {"act": act, "subject": subject, "detail": Jsonb(dict(detail or {})), "actor": actor}
    conn.execute(sql.load("audit/note"), given)


def context(conn: Connection, asked: Asked = NOBODY) -> None:
    """Note what this session does from now on as of `asked`."""
    given = {"actor": asked.actor, "origin": asked.origin, "request_id": asked.request_id}
    conn.execute(sql.load("audit/context"), given)


def network(address: str) -> str:
    """An address without what tells one machine from its neighbours: 203.0.113.0/24, 2001:db8:1::/48."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return network(str(found.ipv4_mapped))
        return f"{IPv6Address(int(found) >> 80 << 80)}/48"
    return f"{'.'.join(str(found).split('.')[:3])}.0/24"


def events(
    conn: Connection, *, after: int = 0, act: str | None = None, actor: str | None = None,
    request_id: str | None = None, since: datetime | None = None, until: datetime | None = None, number: int = 1000,
) -> list[dict[str, Any]]:  # fmt: skip
    """Events past number `after`, oldest first; `act` with all that begins with it and a dot; `actor` by name or id."""
    given = {
        "after": after, "act": act, "actor": actor, "request_id": request_id, "since": since, "until": until,
        "number": number,
    }  # fmt: skip
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("audit/events"), given).fetchall()


def newest(conn: Connection, number: int, **chosen: Any) -> list[dict[str, Any]]:
    """The newest `number` of the events that `events` would give, oldest first."""
    given = {"number": number, **dict.fromkeys(("act", "actor", "request_id", "since", "until"))}
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("audit/newest"), {**given, **chosen}).fetchall()


def head(conn: Connection) -> Head:
    """The newest event as the database has it."""
    row = conn.execute(sql.load("audit/head")).fetchone()
    return Head(row[0], row[1]) if row is not None else Head(0, GENESIS)


def verify(conn: Connection, heads: Sequence[Head] = ()) -> Verdict:
    """Read the whole chain and say what does not fit, and whether each of `heads` is still in it. Memory does not grow
    with the trail."""
    told: list[Finding] = []
    wrong = seen = 0
    last = Head(0, GENESIS)
    kept = {one.event_id: one for one in heads}
    with conn.transaction():
        newest = head(conn)
        for found, last in _walk(conn):
            seen += 1
            if last.event_id in kept and kept[last.event_id].sha256 != last.sha256:
                found = [*found, "is not the event that it was when its head was kept"]
            told += [Finding(last.event_id, text) for text in found[: max(0, TOLD - len(told))]]
            wrong += len(found)
    ends = []
    if last != newest:
        ends.append(
            Finding(last.event_id, f"is the last, but the head says {newest.event_id}: the end is missing")
        )
    ends += [
        Finding(number, "was the head once and is gone: the end is missing")
        for number in kept if number > last.event_id
    ]  # fmt: skip
    return Verdict(seen, [*told, *ends], wrong + len(ends))


def _walk(conn: Connection) -> Iterator[tuple[list[str], Head]]:
    """What is wrong with each event in turn, and its number and own hash as computed here."""
    last = Head(0, GENESIS)
    with conn.cursor(name="audit_chain") as cursor:
        cursor.itersize = 5000
        for event_id, parts, previous, stated in cursor.execute(sql.load("audit/chain")):
            wrong = []
            if event_id != last.event_id + 1:
                wrong.append(f"follows {last.event_id}: what was between them is missing")
            elif previous != last.sha256:
                wrong.append("does not follow from the event before: one of them was replaced")
            digest = hashlib.sha256(b"".join(map(_spelled, parts))).digest()
            if digest != stated:
                wrong.append("is not what was written: its content does not give its hash")
            last = Head(event_id, stated)
            yield wrong, last


def _spelled(part: str | None) -> bytes:
    if part is None:
        return b"-"
    text = part.encode()
    return b"%d:%b" % (len(text), text)


def started(conn: Connection, settings: Settings, process: str) -> None:
    """Note which settings this process starts with, where they are others than at its last start. A secret is told
    apart by a short keyed digest, by which it cannot be guessed."""
    now = _told(settings)
    with conn.transaction():
        row = conn.execute(sql.load("audit/settings_before"), {"subject": process}).fetchone()
        before: dict[str, Any] = dict(row[0].get("settings") or {}) if row else {}
        changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        if changed or row is None:
            note(conn, "settings", process, {"changed": changed, "settings": now})


def _told(settings: Settings) -> dict[str, str]:
    key = settings.jwt_secret_key
    found = {}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if value is None or value == one.default:
            continue
        if isinstance(value, Secret):
            digest = hmac.new(key.reveal().encode(), value.reveal().encode(), hashlib.sha256) if key else None
            found[one.name.upper()] = f"set, {digest.hexdigest()[:8]}" if digest else "set"
        else:
            found[one.name.upper()] = str(value)
    return found
