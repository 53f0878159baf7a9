"""The part of `doctor` that looks at what is stored: freshness, runs, rows that wait, calls left, backups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from ticker_converter.db import Connection
from ticker_converter.ops.finding import Check, failed, ok, skipped, warning
from ticker_converter.queries import recovery, status
from ticker_converter.queries.clock import today
from ticker_converter.settings import Settings

CHECKS = ("prices", "rates", "runs", "quarantine", "backup", "drill")
BEHIND = 1
"Closed sessions that an instrument may be behind."
BACKUP_OLD, DRILL_OLD = 26 * 3600, 8 * 86400
"Seconds: a backup is made each day and tried each week, with some hours to spare."
OLD = 5
"Days since a source's newest rate: the longest gap of the ECB."


def examine(given: Settings, conn: Connection) -> Iterator[Check]:
    """What is stored, by each of CHECKS."""
    found = status.status(conn)
    yield _prices(found["instruments"])
    yield _rates(given, found["rates"], today(conn))
    yield _runs(found["runs"])
    yield _quarantine(found["quarantine"])
    stands = recovery.recovery(conn)
    yield _backup(stands)
    yield _drill(stands)


def _prices(listed: Sequence[Mapping[str, Any]]) -> Check:
    if not listed:
        return warning(
            "prices", "nothing is on the list", "ticker-converter add SYMBOL, or import prices FILE"
        )
    behind = [one for one in listed if (one["sessions_behind"] or 0) > BEHIND]
    empty = [one["symbol"] for one in listed if not one["bars"]]
    if not behind and not empty:
        return ok("prices", f"{len(listed)} instruments, none more than {BEHIND} session behind")
    told = []
    if behind:
        worst = max(behind, key=lambda one: one["sessions_behind"])
        told.append(
            f"{len(behind)} of {len(listed)} are behind, {worst['symbol']} {worst['sessions_behind']} sessions"
        )
    if empty:
        told.append(f"no bars of {', '.join(empty[:3])}{' and others' if len(empty) > 3 else ''}")
    by_hand = all(one["providers"] == ["files"] for one in listed if one in behind or one["symbol"] in empty)
    return warning("prices", "; ".join(told), "import newer files" if by_hand else "ticker-converter sync")


def _rates(given: Settings, stored: Sequence[Mapping[str, Any]], day: date) -> Check:
    used = {one["source"]: one["last"] for one in stored if one["source"] in given.fx_sources}
    if not used:
        told = f"no rates of {', '.join(given.fx_sources)} are stored"
        return warning("rates", told, "ticker-converter sync --provider ecb, or import rates FILE")
    name, newest = max(used.items(), key=lambda one: one[1])
    told = f"the newest is of {newest} ({name})"
    if (day - newest).days > OLD:
        return warning("rates", told, "ticker-converter sync")
    return ok("rates", told)


def _runs(last: Sequence[Mapping[str, Any]]) -> Check:
    if not last:
        return skipped("runs", "nothing was run yet")
    run = last[0]
    told = f"run {run['run_id']} ({run['command']}) {run['state']}"
    if run["state"] == "failed":
        said = f": {run['message']}" if run["message"] else ""
        return warning(
            "runs", f"{told}{said}", "mend that and run it again; ticker-converter runs shows more"
        )
    if run["state"] == "running":
        return ok("runs", f"{told} since {run['started_at']:%Y-%m-%dT%H:%M:%SZ}")
    return ok("runs", f"{told} {_ago(run['finished_at'])}")


def _quarantine(found: Sequence[Mapping[str, Any]]) -> Check:
    rows = sum(int(one["rows"]) for one in found)
    if not rows:
        return ok("quarantine", "no row waits for a person")
    by = ", ".join(f"{one['rows']} {one['reason']}" for one in found)
    return warning("quarantine", f"{rows} wait for a person: {by}", "ticker-converter quarantine list")


def _backup(stands: Mapping[str, Any]) -> Check:
    do = "ticker-converter backup create; BACKUP_SCHEDULE says when it is made by itself"
    if stands["backup_id"] is None:
        return warning("backup", "there is none", do)
    told = f"{stands['backup_id']} is of {_ago(stands['snapshot_at'])}"
    return warning("backup", told, do) if stands["backup_age"] > BACKUP_OLD else ok("backup", told)


def _drill(stands: Mapping[str, Any]) -> Check:
    do = "ticker-converter backup drill"
    if stands["drill_at"] is None:
        return warning("drill", "no backup was ever restored to try it", do)
    told = f"{_ago(stands['drill_at'])}, {stands['recovery_seconds']:.1f} s to restore"
    if not stands["passed"]:
        return failed(
            "drill", f"the last one failed, {told}", "make a backup, drill again, and read what differs"
        )
    return warning("drill", told, do) if stands["drill_age"] > DRILL_OLD else ok("drill", told)


def _ago(then: datetime | None) -> str:
    if then is None:
        return ""
    hours = (datetime.now(UTC) - then).total_seconds() / 3600
    return f"{hours * 60:.0f} minutes ago" if hours < 2 else f"{hours:.0f} hours ago"
