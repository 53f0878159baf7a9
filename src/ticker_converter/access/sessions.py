"""Sessions of browsers: 256 random bits in a cookie, of which the SHA-256 is stored, and a CSRF token made from them.

The CSRF token is a keyed digest of the cookie's value: who can read an answer of this site can learn it, who can only
make a browser send the cookie cannot. A session has its user's scopes as they are now, ends when the user is disabled
or the password is set anew, and is not prolonged.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ticker_converter import sql
from ticker_converter.access.keys import Absent
from ticker_converter.db import Connection

_TOKEN = re.compile(r"tcs_[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signed:
    """Who is signed in, with which scopes, until when."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime


def begin(conn: Connection, user_id: int, days: int) -> tuple[str, datetime]:
    """A new session's cookie value, shown this once, and its end."""
    token = f"tcs_{secrets.token_hex(32)}"
    given = {"sha256": _digest(token), "user_id": user_id, "days": days}
    row = conn.execute(sql.load("access/session_add"), given).fetchone()
    assert row is not None
    return token, row[0]


def find(conn: Connection, token: str) -> Signed | Absent | None:
    """The session if it is good; ABSENT where nothing is known of it."""
    if _TOKEN.fullmatch(token) is None:
        return None
    row = conn.execute(sql.load("access/session_find"), {"sha256": _digest(token)}).fetchone()
    if row is None:
        return Absent.ABSENT
    return Signed(row[0], frozenset(row[1]), row[2]) if row[3] else None


def end(conn: Connection, token: str) -> None:
    """Sign out; nothing if it is no session."""
    conn.execute(sql.load("access/session_end"), {"sha256": _digest(token)})


def csrf(token: str) -> str:
    """What a page sends beside the cookie, in a header, to change anything."""
    return hmac.digest(token.encode(), b"ticker-converter csrf", "sha256").hex()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
