"""Log in with a password, and go on with refresh tokens. Attempts are counted in PostgreSQL, so without Redis too.

An attempt is counted before the password is looked at, against the account from this address, the account, and the
address: guessing one account from many machines is slowed as well, and a few wrong attempts made elsewhere do not lock
its owner out. A refresh token is spent by its use; used twice it is stolen, and every token that descends from the same
log-in is refused.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

import psycopg

from ticker_converter import audit, sql
from ticker_converter.access import passwords
from ticker_converter.db import Connection
from ticker_converter.errors import NotKnown, TooMany

#: Seconds of a window, and attempts in it: of an account from one address, of an account, of an address.
WINDOW = 900
FROM_HERE, OF_ACCOUNT, OF_ADDRESS = 5, 100, 50
REFUSED = "The user name or the password is wrong, or the user is disabled."
REFRESH_REFUSED = "The refresh token is not good: it was used, has expired or was revoked. Log in again."


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in, and the refresh token to go on with."""

    user_id: int
    name: str
    scopes: list[str]
    refresh_token: str


def account(name: str) -> str:
    """The subject of an account's windows, and how those from each address begin."""
    return f"account:{_short(name)}"


def password(
    conn: Connection, name: str, given: str, address: str, days: int, wanted: list[str] | None = None
) -> Session:
    """Log in with a password, as `check` has it. `wanted` narrows the scopes."""
    user_id, scopes = check(conn, name, given, address)
    kept = [one for one in scopes if wanted is None or one in wanted]
    with conn.transaction():
        found = conn.execute(sql.load("access/family_add"), {"user_id": user_id, "scopes": kept}).fetchone()
        assert found is not None
        return Session(user_id, name, kept, _issue(conn, found[0], days))


def check(conn: Connection, name: str, given: str, address: str) -> tuple[int, list[str]]:
    """The user's id and scopes; NotKnown if the password is not the one, TooMany after too many that were not. `conn`
    is in autocommit mode: an attempt counts whatever follows."""
    own = f"{account(name)}:{_short(_network(address))}"
    limits = {own: FROM_HERE, account(name): OF_ACCOUNT, f"address:{_short(_network(address))}": OF_ADDRESS}
    _count(conn, limits)
    row = conn.execute(sql.load("access/user_login"), {"name": name}).fetchone()
    user_id, encoded, scopes, disabled = row or (None, None, [], True)
    if not passwords.fits(encoded, given) or disabled or encoded is None:
        # A name that is no user's may be a password typed into the wrong field: not even its digest is noted.
        audit.note(
            conn, "login.refused", "unknown" if user_id is None else f"user:{user_id}", actor="anonymous"
        )
        raise NotKnown(REFUSED)
    conn.execute(sql.load("access/login_good"), {"subjects": sorted(limits), "own": own})
    if (renewed := passwords.renewed(encoded, given)) is not None:
        conn.execute(sql.load("access/user_rehash"), {"user_id": user_id, "old": encoded, "new": renewed})
    return user_id, list(scopes)


def refresh(conn: Connection, token: str, days: int) -> Session:
    """Spend a refresh token for a new one; NotKnown when it is not good, and its whole family is revoked when it had
    been spent before."""
    digest = sha256(token.encode()).digest()
    with conn.transaction():
        row = conn.execute(sql.load("access/refresh_find"), {"sha256": digest}).fetchone()
        if row is not None:
            family_id, user_id, name, scopes, used, good = row
            if used:
                conn.execute(sql.load("access/family_revoke"), {"family_id": family_id})
            elif good:
                conn.execute(sql.load("access/refresh_use"), {"sha256": digest})
                return Session(user_id, name, scopes, _issue(conn, family_id, days))
    raise NotKnown(REFRESH_REFUSED)


def _issue(conn: Connection, family_id: int, days: int) -> str:
    token = f"tcr_{secrets.token_hex(32)}"
    digest = sha256(token.encode()).digest()
    conn.execute(sql.load("access/refresh_add"), {"sha256": digest, "family_id": family_id, "days": days})
    return token


def _count(conn: Connection, limits: dict[str, int]) -> None:
    given = {"subjects": sorted(limits), "seconds": WINDOW}
    rows = conn.execute(sql.load("access/login_take"), given).fetchall()
    if waits := [wait for subject, attempts, wait in rows if attempts > limits[subject]]:
        raise TooMany("Too many attempts to log in. Try again later.", max(1, *waits))
    if secrets.randbelow(50) == 0:
        with suppress(psycopg.OperationalError):
            conn.execute(sql.load("access/login_forget"))


def _network(address: str) -> str:
    """The address, or of IPv6 the /64: one machine has as many of those as it likes."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or found.exploded[:19])
    return str(found)


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:24]
