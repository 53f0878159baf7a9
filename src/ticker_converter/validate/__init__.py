"""The judge: one SQL file per rule, each selecting offending staged rows; offenders go to quarantine.

One reason a row, the first in INTERFACE's order, with all that apply in the evidence. Rules that compare rows with each
other see only rows that pass the rules before them.
"""

from __future__ import annotations

from datetime import datetime

import psycopg

from ticker_converter import sql

#: INTERFACE's order of reasons; a row's reason is the first that applies.
ORDER = (
    "missing_field", "not_a_number", "not_positive", "high_below_low", "outside_high_low", "negative_volume",
    "future_date", "session_open", "not_a_session", "conflicting_duplicate", "unit_mismatch", "unknown_currency",
    "unit_jump", "mixed_units", "triangle",
)  # fmt: skip

#: Rules about one row each, then rules about rows among each other, which see only rows that passed the former.
RULES = {
    "price": (
        (
            "missing_field", "not_a_number", "not_positive", "high_below_low", "outside_high_low", "negative_volume",
            "future_date", "session_open", "not_a_session", "unit_mismatch", "unknown_currency", "mixed_units",
        ),
        ("conflicting_duplicate", "unit_jump"),
    ),
    "rate": (
        ("missing_field", "not_a_number", "not_positive", "future_date", "session_open", "unknown_currency"),
        ("conflicting_duplicate", "triangle"),
    ),
    "action": (
        ("missing_field", "not_a_number", "not_positive", "unknown_currency"),
        ("conflicting_duplicate",),
    ),
}  # fmt: skip


def judge(
    conn: psycopg.Connection,
    kind: str,
    fetched_at: datetime,
    source_id: int,
    load_id: int,
    *,
    distinct: bool = False,
    suspects: bool = True,
    replay_of: int | None = None,
) -> int:
    """Judge the staged rows of `kind` (price, rate, action) and put the offenders into quarantine; returns how many.

    `fetched_at` stands for the time at which the rows were true: a session open then is held. `distinct`: staging saw
    that no two rows are of one key. `suspects`: whether there is a row that the screen did not clear."""
    context = {"fetched_at": fetched_at, "source_id": source_id, "load_id": load_id}
    alone, together = RULES[kind]
    for rules in (alone if suspects else (), together):
        for rule in rules:
            if distinct and rule == "conflicting_duplicate":
                continue
            if rule == "unit_jump":
                walk(conn, replay_of)
            statement = sql.load("validate/note").replace("{rule}", sql.load(f"validate/{kind}/{rule}"))
            conn.execute(statement, {"reason": rule, "place": ORDER.index(rule)} | context)
        conn.execute(sql.load(f"validate/{kind}/forgive"), context)
    held = conn.execute(sql.load("validate/hold")).rowcount
    if held:
        conn.execute(sql.load(f"validate/{kind}/quarantine"), context)
    if kind == "price" and suspects:
        conn.execute(sql.load("validate/price/findings"), context)
    if kind == "price" and held:
        conn.execute(sql.load("validate/price/calendar_findings"), context)
    return held


def answered(conn: psycopg.Connection, source_id: int) -> int:
    """How many of the bars just held were rescaled by a person before: they are no news."""
    row = conn.execute(sql.load("validate/price/answered"), {"source_id": source_id}).fetchone()
    return int(row[0]) if row else 0


def walk(conn: psycopg.Connection, replay_of: int | None = None) -> bool:
    """Walk along the closes wherever new bars or new splits may make or end a unit jump; whether that is anywhere.
    `replay_of`: the delivery that is read again, if one is."""
    return conn.execute(sql.load("validate/price/unit_walk"), {"replay_of": replay_of}).rowcount > 0


def released(conn: psycopg.Connection) -> dict[int, list[int]]:
    """Held bars, by provider, that the last walk found to stand behind a jump no more."""
    return dict(conn.execute(sql.load("validate/price/unit_released")).fetchall())
