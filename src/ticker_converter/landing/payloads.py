"""Payloads as received: stored once by their SHA-256, in compressed chunks, and each delivery of them recorded.

A payload is committed before anything reads it, so a parse that fails, or a process that dies, loses nothing. A large
file passes through in pieces and is never wholly in memory.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from ticker_converter import sql
from ticker_converter.errors import Unreadable
from ticker_converter.records import Payload

#: Bytes of the original per chunk; also what a reader holds in memory at once.
CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Delivery:
    """One arrival of a payload: `fetched_at` is when it came, `known_at` the knowledge time a person gave it."""

    delivery_id: int
    payload: Payload
    known_at: datetime | None = None
    state: str = "landed"


def land(
    conn: psycopg.Connection, run_id: int, payload: Payload, known_at: datetime | None = None,
    kind: str | None = None,
) -> Delivery:  # fmt: skip
    """Store the bytes (if they are new) and this delivery of them, in one transaction of its own. `kind`: what the call
    was for, if it was one."""
    digest, size = _digest(payload)
    with conn.transaction():
        row = conn.execute(sql.load("landing/payload_find"), {"sha256": digest}).fetchone()
        if row is None:
            row = _store(conn, payload, digest, size)
        waiting = conn.execute(
            sql.load("landing/delivery_waiting"),
            {
                "payload_id": row[0], "provider": payload.provider, "request": payload.request,
                "options": Jsonb(dict(payload.options)), "known_at": known_at,
            },
        ).fetchone()  # fmt: skip
        if waiting is not None:
            taken = {"delivery_id": waiting[0], "run_id": run_id, "fetched_at": payload.fetched_at}
            conn.execute(sql.load("landing/delivery_take_over"), taken)
            return Delivery(waiting[0], payload, known_at)
        (delivery_id,) = conn.execute(
            sql.load("landing/delivery_add"),
            {
                "payload_id": row[0], "run_id": run_id, "provider": payload.provider, "request": payload.request,
                "symbol": payload.symbol, "options": Jsonb(dict(payload.options)),
                "content_type": payload.content_type, "fetched_at": payload.fetched_at, "known_at": known_at,
                "redacted": payload.redacted, "kind": kind,
            },
        ).fetchone() or (0,)  # fmt: skip
    return Delivery(delivery_id, payload, known_at)


def arrived(
    conn: psycopg.Connection,
    provider: str | None = None,
    since: datetime | None = None,
    waiting_only: bool = False,
) -> list[int]:
    """Ids of deliveries to read again, oldest first; `waiting_only`: those that a killed run left unread."""
    params = {"provider": provider, "since": since, "waiting_only": waiting_only}
    return [row[0] for row in conn.execute(sql.load("landing/deliveries"), params).fetchall()]


def of_dividends(conn: psycopg.Connection, instrument_id: int, valid_from: date | None) -> list[int]:
    """Ids of the deliveries that brought an instrument's dividends from a day on, oldest first."""
    words = {"instrument_id": instrument_id, "valid_from": valid_from}
    return [row[0] for row in conn.execute(sql.load("landing/deliveries_of_dividends"), words).fetchall()]


def settle(
    conn: psycopg.Connection,
    delivery_id: int,
    state: str,
    parser_version: int | None,
    message: str | None = None,
) -> None:
    """Say how reading a delivery ended: loaded, nothing (to load), refused or unreadable."""
    conn.execute(
        sql.load("landing/delivery_settle"),
        {"delivery_id": delivery_id, "state": state, "parser_version": parser_version, "message": message},
    )


@contextmanager
def reopen(conn: psycopg.Connection, delivery_id: int) -> Iterator[Delivery]:
    """A landed delivery with its bytes again; a large payload is a temporary file for the time of the block."""
    row = conn.execute(sql.load("landing/delivery_get"), {"delivery_id": delivery_id}).fetchone()
    assert row is not None
    (
        payload_id,
        size,
        encoding,
        provider,
        request,
        symbol,
        options,
        content_type,
        fetched_at,
        known_at,
        state,
    ) = row
    common = {
        "provider": provider, "request": request, "symbol": symbol, "options": options, "content_type": content_type,
        "fetched_at": fetched_at,
    }  # fmt: skip
    chunks = _chunks(conn, payload_id, encoding)
    if size <= CHUNK:
        yield Delivery(delivery_id, Payload(body=b"".join(chunks), **common), known_at, state)
        return
    with tempfile.NamedTemporaryFile(prefix="ticker-converter-") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        yield Delivery(delivery_id, Payload(path=Path(file.name), **common), known_at, state)


def _digest(payload: Payload) -> tuple[bytes, int]:
    digest, size = sha256(), 0
    for piece in _pieces(payload):
        digest.update(piece)
        size += len(piece)
    return digest.digest(), size


def _pieces(payload: Payload) -> Iterator[bytes]:
    try:
        with payload.open() as stream:
            while piece := stream.read(CHUNK):
                yield piece
    except OSError as error:
        raise Unreadable(f"{payload.request}: cannot be read: {error.strerror or error}") from error


def _store(conn: psycopg.Connection, payload: Payload, digest: bytes, size: int) -> tuple[int]:
    encoding = "zlib"
    first = payload.read(256 * 1024)
    if len(zlib.compress(first, 1)) > 0.9 * len(first):
        encoding = "identity"  # Parquet and zip are compressed already
    row = conn.execute(
        sql.load("landing/payload_add"), {"sha256": digest, "bytes": size, "encoding": encoding}
    ).fetchone()
    if row is None:  # another process stored the same bytes meanwhile
        row = conn.execute(sql.load("landing/payload_find"), {"sha256": digest}).fetchone()
        assert row is not None
        return (row[0],)
    for seq, piece in enumerate(_pieces(payload)):
        body = zlib.compress(piece, 1) if encoding == "zlib" else piece
        conn.execute(
            sql.load("landing/payload_chunk_add"),
            {"payload_id": row[0], "seq": seq, "body": body},
            binary=True,
        )
    return (row[0],)


def _chunks(conn: psycopg.Connection, payload_id: int, encoding: str) -> Iterator[bytes]:
    seq = 0
    while row := conn.execute(
        sql.load("landing/payload_chunk_get"), {"payload_id": payload_id, "seq": seq}, binary=True
    ).fetchone():
        yield zlib.decompress(row[0]) if encoding == "zlib" else row[0]
        seq += 1
