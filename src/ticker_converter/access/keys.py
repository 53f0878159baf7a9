"""API keys: `tc_`, the key's id, and 256 random bits, of which the SHA-256 is stored.

A slow hash would protect nothing (there is nothing to guess) and cost 50 ms of every request.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from psycopg.rows import dict_row

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NotThere, Usage

_KEY = re.compile(r"tc_([0-9a-f]{12})_([0-9a-f]{64})")
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Found:
    """A key that is good, until when, and whether its last use should be noted."""

    key_id: str
    scopes: frozenset[str]
    expires_at: datetime | None
    stale: bool


class Absent(Enum):
    """Nothing with that id is stored on the server that was asked: a replica may not have it yet."""

    ABSENT = "absent"


def create(
    conn: Connection, scopes: list[str], *, name: str | None = None, user: str | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A new key, shown this once: id, key, scopes."""
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Usage(f"a key that expires on {expires_at:%Y-%m-%d %H:%M} UTC would never be good")
    owner = None
    if user is not None:
        row = conn.execute(sql.load("access/user_id"), {"name": user}).fetchone()
        if row is None:
            raise NotThere(f"there is no enabled user {user[:80]!r}: `ticker-converter user list` shows them")
        owner = row[0]
    key_id = secrets.token_hex(6)
    key = f"tc_{key_id}_{secrets.token_hex(32)}"
    conn.execute(
        sql.load("access/key_add"),
        {
            "key_id": key_id, "sha256": _digest(key), "name": name, "user_id": owner, "scopes": scopes,
            "expires_at": expires_at,
        },
    )  # fmt: skip
    return {"id": key_id, "key": key, "scopes": scopes}


def listed(conn: Connection) -> list[dict[str, Any]]:
    """id, name, user, scopes, created_at, expires_at, last_used_at, revoked_at of every key."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("access/key_list")).fetchall()


def revoke(conn: Connection, key_id: str) -> dict[str, Any]:
    """Refuse a key from now on: within 10 seconds on every server. The whole key serves too, as its id."""
    whole = _KEY.fullmatch(key_id)
    wanted = whole[1] if whole else key_id
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql.load("access/key_revoke"), {"key_id": wanted}).fetchone()
    if row is None:
        shown = repr(wanted) if _ID.fullmatch(wanted) else "that id"
        raise NotThere(f"there is no key with {shown}: `ticker-converter key list` shows those there are")
    return row


def find(conn: Connection, key: str) -> Found | Absent | None:
    """The key if it is good: known, not revoked, not expired, its user not disabled. ABSENT: its id is not known."""
    parts = _KEY.fullmatch(key)
    if parts is None:
        return None
    row = conn.execute(sql.load("access/key_find"), {"key_id": parts[1]}).fetchone()
    if row is None:
        return Absent.ABSENT
    stored, scopes, good, expires_at, stale = row
    if not hmac.compare_digest(stored, _digest(key)) or not good:
        return None
    return Found(parts[1], frozenset(scopes), expires_at, stale)


def used(conn: Connection, key_id: str) -> None:
    """Note that a key is in use; at most one write a minute."""
    conn.execute(sql.load("access/key_used"), {"key_id": key_id})


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
