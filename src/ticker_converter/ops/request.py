"""What the API asks the worker to do: the rows of ops.request, from both sides.

The API inserts and reads, as ticker_web, which may do nothing else. A worker takes a request by a lease and renews it
while it works; every write names worker and attempt, so that one whose lease ran out cannot finish what another has
taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Json, Jsonb

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.errors import NotThere, Usage

#: Acts that call providers, which may take hours, and acts that take a moment; neither waits for the other.
LONG = ("sync", "add")
SHORT = ("answer", "correct")
#: Seconds after which a request whose worker is silent is another's, and between two signs of life.
LEASE, BEAT = 20, 2.0
OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that is this worker's until the lease runs out."""

    request_id: UUID
    act: str
    arguments: Mapping[str, Any]
    author: str
    worker: str
    attempts: int
    asked_as: str | None
    "The X-Request-ID with which it was asked for."

    @property
    def held_by(self) -> dict[str, object]:
        """What every statement about it names."""
        return {"request_id": self.request_id, "worker": self.worker, "attempts": self.attempts}


# ---- the API's side ----


def ask(
    conn: Connection, act: str, arguments: Mapping[str, Any], author: str, idempotency_key: str | None = None
) -> UUID:
    """Ask for an act; the id of the request, or of the one made before with the same Idempotency-Key. Usage when that
    one asked for something else."""
    given = {
        "act": act,
        "arguments": Jsonb(dict(arguments)),
        "author": author,
        "idempotency_key": idempotency_key,
    }
    row = conn.execute(sql.load("ops/request_add"), given).fetchone()
    if row is None:
        row = conn.execute(sql.load("ops/request_again"), given).fetchone()
        assert row is not None
        if not row[1]:
            raise Usage("Idempotency-Key: it was used before, with another request")
    found: UUID = row[0]
    return found


def get(conn: Connection, request_id: UUID) -> dict[str, Any]:
    """A request as it stands; NotThere if there is none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql.load("ops/request_get"), {"request_id": request_id}).fetchone()
    if row is None:
        raise NotThere(f"there is no request {request_id}")
    return row


def waiting(conn: Connection, number: int = 100) -> list[dict[str, Any]]:
    """Requests that are not over, oldest first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.load("ops/request_open"), {"number": number}).fetchall()


def cancel(conn: Connection, request_id: UUID, author: str) -> dict[str, Any]:
    """End a request: at once if it waits, else at the worker's next step; one that is over stays as it is."""
    if get(conn, request_id)["state"] in OPEN:
        ask(conn, "cancel", {"request": str(request_id)}, author)
    return get(conn, request_id)


# ---- the worker's side ----


def listen(conn: Connection) -> None:
    """Be told when something is asked."""
    conn.execute(sql.load("ops/listen"))


def take(conn: Connection, acts: Sequence[str], worker: str) -> Taken | None:
    """The oldest request that waits or was left behind, now this worker's."""
    row = conn.execute(
        sql.load("ops/request_take"), {"acts": list(acts), "worker": worker, "lease": LEASE}
    ).fetchone()
    return Taken(row[0], row[1], row[2], row[3], worker, row[4], row[5]) if row else None


def beat(conn: Connection, taken: Taken, run_id: int | None, progress: str | None) -> bool:
    """Renew the lease and say how far it is; whether to go on: not when it is cancelled or another's."""
    given = {**taken.held_by, "lease": LEASE, "run_id": run_id, "progress": progress}
    row = conn.execute(sql.load("ops/request_beat"), given).fetchone()
    return row is not None and not row[0]


def finish(
    conn: Connection, taken: Taken, state: str, *, run_id: int | None = None, result: Mapping[str, Any] | None = None,
    error: Exception | None = None,
) -> bool:  # fmt: skip
    """Write how it ended; whether it was still this worker's. In the transaction of a short act the act and its end are
    one: it is never done twice."""
    given = {
        **taken.held_by, "state": state, "run_id": run_id, "result": None if result is None else Json(dict(result)),
        "error": None if error is None else type(error).__name__, "message": None if error is None else str(error),
    }  # fmt: skip
    return conn.execute(sql.load("ops/request_finish"), given).fetchone() is not None


def put_back(conn: Connection, taken: Taken, delay: float = 0.0) -> None:
    """Leave it to the next worker, after `delay` seconds."""
    conn.execute(sql.load("ops/request_return"), {**taken.held_by, "delay": delay})
