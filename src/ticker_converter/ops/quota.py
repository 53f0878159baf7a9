"""What is left of the providers' quotas, as the worker notes it and the API shows it.

The limits and the keys are the providers' and the settings', which the API does not reach: what it shows is as old as
`noted_at` says. It refuses to count calls itself; the ledger in landing does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from ticker_converter import sql
from ticker_converter.db import Connection


def note(conn: Connection, standings: Sequence[Mapping[str, object]]) -> None:
    """Write how each provider that is asked stands; the others' are forgotten."""
    with conn.transaction():
        for one in standings:
            given = {"provider": one["provider"], "standing": Jsonb(msgspec.to_builtins(one))}
            conn.execute(sql.load("ops/quota_note"), given)
        conn.execute(sql.load("ops/quota_drop"), {"providers": [one["provider"] for one in standings]})


def noted(conn: Connection) -> list[dict[str, Any]]:
    """By provider: what `coverage.ledger` says, and `noted_at`."""
    rows = conn.execute(sql.load("ops/quota_noted")).fetchall()
    return [{**standing, "noted_at": noted_at} for standing, noted_at in rows]
