"""Brings a release to staging, then after somebody's approval to production; what does not stand there is taken back.

    python3 deploy/pipeline/deploy.py staging    1.2.3 --plan PLAN
    python3 deploy/pipeline/deploy.py production 1.2.3 --plan PLAN --approved-by NAME
    python3 deploy/pipeline/deploy.py all        1.2.3 --plan PLAN        (asks for the approval on the terminal)

Staging: install, smoke. Production: only a release whose smoke passed on staging, only with a name that approved it;
install, smoke, then smoke again and again while it soaks. Two wrong smokes in a row: the release that ran before is
installed again and must pass. One deployment at a time: a second one is refused while a lock is held. Every step is a
line of the record (JSON) and, on production, an event of the audit trail.

Exit 0: it stands. 1: it does not (nothing of production was changed, or production is back on the former release).
2: asked wrongly, or refused. 4: production is on neither: a person is needed now.

Runs no shell of its own beyond the commands that the plan names, each with PLACE, RELEASE, ACT, SUBJECT and REASON in
its environment; a value is never put into a command's text. Standard library only.
"""

from __future__ import annotations

import argparse
import fcntl
import getpass
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

SMOKE = Path(__file__).resolve().with_name("smoke.py")
VERSION = re.compile(r"\d+\.\d+\.\d+(?:[a-z0-9.+-]{0,20})")


class Refused(Exception):
    """Asked for what may not be done: nothing was done."""


class NotStanding(Exception):
    """A release does not stand where it was installed."""


@dataclass(frozen=True)
class Place:
    """One of the places of a plan."""

    name: str
    url: str
    install: str
    note: str = ""
    smoke: tuple[str, ...] = ()
    soak_seconds: float = 0.0
    every_seconds: float = 15.0
    limit_seconds: float = 1800.0


def place(plan: dict[str, Any], name: str) -> Place:
    """A table of the plan, every key known."""
    try:
        rows = dict(plan[name])
        return Place(name=name, **{**rows, "smoke": tuple(rows.get("smoke", ()))})
    except KeyError:
        raise Refused(f"the plan has no table [{name}]") from None
    except TypeError as error:
        raise Refused(f"[{name}] of the plan: {error}") from None


class Record:
    """What was done, a line each, in the order it was done."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, act: str, release: str, **more: object) -> None:
        """Append and print."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({"at": now, "act": act, "release": release, **more})
        with self.file.open("a") as out:
            out.write(line + "\n")
        print(line, flush=True)

    def stood_on_staging(self, release: str) -> bool:
        """Whether the last thing that staging did with this release was to pass its smoke."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        acts = [row["act"] for row in map(json.loads, lines) if row["release"] == release]
        return [act for act in acts if act.startswith("staging.")][-1:] == ["staging.stands"]


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One deployment at a time on this controller; the lock goes with the process, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"another deployment holds {lock}: wait until it has ended") from None
        yield


def run(line: str, where: Place, **values: str) -> bool:
    """One command of the plan, under a time limit; whether it exited 0."""
    env = {**os.environ, "PLACE": where.name, "URL": where.url, **values}
    try:
        return subprocess.run(["bash", "-euc", line], env=env, timeout=where.limit_seconds).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"{where.name}: no end within {where.limit_seconds:.0f} s", file=sys.stderr)
        return False


def smoke(where: Place, release: str | None) -> bool:
    """Ten questions; their answers are printed when one is wrong."""
    line = [sys.executable, str(SMOKE), where.url, *where.smoke, *(["--release", release] if release else [])]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def stands(where: Place, release: str, soak: bool) -> bool:
    """Whether it passes now and, with soak, until the time is over; one wrong round is asked again."""
    ends = time.monotonic() + (where.soak_seconds if soak else 0.0)
    while True:
        if not smoke(where, release):
            time.sleep(min(3.0, where.every_seconds))
            if not smoke(where, release):
                return False
        left = ends - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(where.every_seconds, left))


def running(where: Place) -> str | None:
    """The release that runs there now, as the host says, if it answers."""
    line = [sys.executable, str(SMOKE), where.url, *where.smoke, "--which"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    told = done.stdout.strip()
    return told if done.returncode == 0 and VERSION.fullmatch(told) else None


def to_staging(where: Place, release: str, record: Record) -> None:
    """Install and smoke; a failure changes nothing of production."""
    record.add("staging.install", release)
    if not run(where.install, where, RELEASE=release):
        record.add("staging.failed", release, why="the installation failed")
        raise NotStanding(f"staging: {release} was not installed")
    if not stands(where, release, soak=True):
        record.add("staging.failed", release, why="the smoke test failed")
        raise NotStanding(f"staging: {release} does not pass the smoke test")
    record.add("staging.stands", release)


def note(where: Place, act: str, subject: str, reason: str) -> bool:
    """An event of production's audit trail."""
    return not where.note or run(where.note, where, ACT=act, SUBJECT=subject, REASON=reason)


def to_production(where: Place, release: str, record: Record, who: str) -> None:
    """Install, verify, soak; else back to what ran before."""
    before = running(where)
    if before is None:
        print("production does not say which release runs: there is nothing to go back to", file=sys.stderr)
    record.add("production.install", release, before=before, approved_by=who)
    if before and not note(where, "deploy", release, f"from {before}, approved by {who}"):
        record.add("production.refused", release, why="the audit trail took no event")
        raise Refused("production: the audit trail took no event, so nothing was changed")
    if run(where.install, where, RELEASE=release) and stands(where, release, soak=True):
        record.add("production.stands", release, before=before)
        if not before:
            note(where, "deploy", release, f"the first, approved by {who}")
        return
    record.add("production.failed", release, before=before)
    if before is None or before == release:
        lost(record, release, "there is no former release")
    back = run(where.install, where, RELEASE=before) and stands(where, before, soak=False)
    noted = note(where, "deploy.rolled_back", release, f"back to {before}")
    if not back:
        lost(record, release, f"{before} does not stand either")
    record.add("production.rolled_back", before, failed=release, noted=noted)
    raise NotStanding(f"production: {release} did not stand and {before} runs again")


def lost(record: Record, release: str, why: str) -> NoReturn:
    """Say so, and exit 4: nobody else will."""
    record.add("production.down", release, why=why)
    print(f"production runs neither release: {why}", file=sys.stderr)
    sys.exit(4)


def approval(given: str | None, release: str) -> str:
    """Who approves: named by the caller (whose own approval came before), or asked for on the terminal."""
    if given:
        return given
    if not sys.stdin.isatty():
        raise Refused("nobody approved: --approved-by NAME, or run it on a terminal")
    if (
        input(f"{release} stands on staging. To bring it to production, write its number: ").strip()
        != release
    ):
        raise Refused("not approved")
    return getpass.getuser()


def main() -> int:
    """What the module says."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("stage", choices=("staging", "production", "all"))
    words.add_argument("release", help="such as 1.2.3, without a v")
    words.add_argument("--plan", type=Path, required=True, help="see deploy/pipeline/plan.example.toml")
    words.add_argument("--record", type=Path, default=Path("deployments.jsonl"))
    words.add_argument("--approved-by", metavar="NAME")
    given = words.parse_args()
    try:
        if not VERSION.fullmatch(given.release):
            raise Refused(f"{given.release!r} is no release: write it as 1.2.3")
        plan = tomllib.loads(given.plan.read_text())
        record = Record(given.record)
        with alone(Path(plan.get("lock", "/var/lock/ticker-converter-deploy.lock"))):
            if given.stage != "production":
                to_staging(place(plan, "staging"), given.release, record)
            if given.stage != "staging":
                if not record.stood_on_staging(given.release):
                    raise Refused(f"{given.release} has not passed on staging, as far as {record.file} tells")
                who = approval(given.approved_by, given.release)
                to_production(place(plan, "production"), given.release, record, who)
    except (Refused, OSError, tomllib.TOMLDecodeError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    except NotStanding as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
