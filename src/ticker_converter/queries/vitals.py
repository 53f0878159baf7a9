"""What a monitor wants to know of the warehouse: small aggregates, whatever the number of instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticker_converter import sql
from ticker_converter.db import Connection
from ticker_converter.queries.recovery import recovery


@dataclass(frozen=True, slots=True)
class Vital:
    """One number, or one per combination of labels; `name` ends in its unit."""

    name: str
    help: str
    labels: Sequence[str]
    values: Sequence[tuple[Sequence[str], float]]


def vitals(conn: Connection) -> list[Vital]:
    """All of them, of one snapshot."""
    state = conn.execute(sql.load("queries/vitals_state")).fetchone()
    assert state is not None
    version, published, size, findings = state
    fresh = conn.execute(sql.load("queries/vitals_freshness")).fetchall()
    runs = conn.execute(sql.load("queries/vitals_runs")).fetchall()
    held = conn.execute(sql.load("queries/vitals_quarantine")).fetchall()
    calls = conn.execute(sql.load("queries/vitals_calls")).fetchall()
    rates = conn.execute(sql.load("queries/vitals_rates")).fetchall()
    return [
        Vital("data_version", "Version of the published data.", (), [((), version)]),
        Vital("published_timestamp_seconds", "When data was last published.", (), [((), published)]),
        Vital("database_size_bytes", "Size of the database.", (), [((), size)]),
        Vital("findings", "What looks odd and was kept.", (), [((), findings)]),
        Vital("instruments", "Watched instruments.", ("mic",), [((row[0],), row[1]) for row in fresh]),
        Vital(
            "instruments_behind", "Watched instruments that lack a closed session.", ("mic",),
            [((row[0],), row[2]) for row in fresh],
        ),
        Vital(
            "sessions_behind", "Closed sessions since the exchange's newest stored bar.", ("mic",),
            [((row[0],), row[3]) for row in fresh],
        ),
        Vital(
            "rates_age_days", "Days since a source's newest rate.", ("source",), [((row[0],), row[1]) for row in rates]
        ),
        Vital("runs", "Runs of the last day, by how they ended.", ("state",), [((row[0],), row[1]) for row in runs]),
        Vital("quarantined", "Rows that wait for a person.", ("reason",), [((row[0],), row[1]) for row in held]),
        Vital(
            "provider_calls_today", "Calls taken from the ledger in the last 24 hours.", ("provider",),
            [((row[0],), row[1]) for row in calls],
        ),
        *_recovery(conn),
    ]  # fmt: skip


def _recovery(conn: Connection) -> list[Vital]:
    """Backups and drills; no sample where there is none, so that an alert asks for `absent`."""
    found = recovery(conn)
    told = [
        ("backup_age_seconds", "Age of the newest backup: what would be lost.", found["backup_age"]),
        ("backup_size_bytes", "Size of the newest backup.", found["bytes"]),
        ("drill_age_seconds", "Time since the last restore drill.", found["drill_age"]),
        ("drill_passed", "Whether the last restore drill passed.", found["passed"]),
        ("drill_recovery_seconds", "How long the last drill took to restore.", found["recovery_seconds"]),
        ("drill_data_loss_seconds", "What the last drill would have lost.", found["loss_seconds"]),
    ]
    return [Vital(name, help, (), [((), float(value))]) for name, help, value in told if value is not None]
