"""Pages of a list: a limit, and a cursor that says after which row the next page begins.

Pages put together are the whole answer. A cursor carries the knowledge time of the first page, so that a publish
between two pages changes neither. It belongs to one request and is refused with another; it is no secret.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from ticker_converter.errors import Usage

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Cursor:
    """`request`: a digest of the parameters; `after`: the last key given; `known_at`: as known when the first page was
    asked for."""

    request: str
    after: str
    known_at: datetime | None

    def encode(self) -> str:
        """As it stands in a URL."""
        plain = msgspec.json.encode([self.request, self.after, self.known_at])
        return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def decode(text: str, request: str) -> Cursor:
    """The cursor so encoded; Usage if it is none, or of another request."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        of, after, known_at = msgspec.json.decode(plain, type=tuple[str, str, datetime | None])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise Usage("cursor: it is not one that an answer of this API gave") from None
    if known_at is not None and known_at.tzinfo is None:
        raise Usage("cursor: it is not one that an answer of this API gave")
    if of != request:
        raise Usage("cursor: it belongs to a request with other parameters")
    return Cursor(of, after, known_at)


def page(
    rows: Sequence[Row], keys: Sequence[str], limit: int | None, after: str | None
) -> tuple[Sequence[Row], str | None]:
    """The rows after the key `after`, at most `limit`, and the last key if rows remain. `keys` ascend."""
    first = 0 if after is None else next((n for n, key in enumerate(keys) if key > after), len(keys))
    end = len(rows) if limit is None else first + limit
    return rows[first:end], keys[end - 1] if end < len(rows) else None


def link(path: str, parameters: Sequence[tuple[str, Any]], cursor: Cursor) -> str:
    """The next page's address on this server, without its name: what a Host header says is not repeated."""
    return f"{path}?{urlencode([*(one for one in parameters if one[0] != 'cursor'), ('cursor', cursor.encode())])}"
