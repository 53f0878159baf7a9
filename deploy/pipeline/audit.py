"""Known vulnerabilities of what the locks pin: clean, vulnerable, or not run; never "clean" for what was not looked up.

    python deploy/pipeline/audit.py [LOCK ...]          (default: every requirements/*.lock)

Exit 0: every package of every lock was looked up and none has a known vulnerability that is not accepted. 1: some
have. 3: not run, in whole or in part, because a package was skipped or the advisory database did not answer. pip-audit
2.10 exits 1 for both of the latter, and without --strict it calls what it skipped clean; so its report is
read, not its code.
What is accepted stands in accepted.toml beside this, each with a reason and a last day.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMIT = 600


def accepted(today: date) -> set[str]:
    """The advisories that somebody has answered for, as of a day."""
    rows = tomllib.loads((HERE / "accepted.toml").read_text()).get("advisory", [])
    return {row["id"] for row in rows if row["until"] >= today and row["reason"]}


def locked(lock: Path) -> set[str]:
    """The names that a lock pins."""
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock.read_text(), re.MULTILINE))


def judge(report: str, names: set[str], fine: set[str]) -> tuple[list[str], list[str]]:
    """Findings, and what was not looked up, of one report of pip-audit (JSON)."""
    try:
        rows = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return [], ["everything: pip-audit gave no report"]
    found, missed = [], []
    for row in rows:
        if "skip_reason" in row:
            missed.append(f"{row['name']}: {row['skip_reason']}")
        for each in row.get("vulns", []):
            if not {each["id"], *each.get("aliases", [])} & fine:
                mended = ", ".join(each.get("fix_versions", [])) or "no release"
                found.append(f"{row['name']} {row['version']}: {each['id']}, mended in {mended}")
    if not rows and names:
        missed.append("everything: the report lists no package")
    return found, missed


def audit(lock: Path) -> tuple[list[str], list[str]]:
    """Ask pip-audit about one lock; nothing is installed or resolved."""
    program = Path(sys.executable).with_name("pip-audit")
    line = [str(program), "--requirement", str(lock), "--require-hashes", "--disable-pip", "--format", "json",
            "--progress-spinner", "off", "--timeout", "20"]  # fmt: skip
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=LIMIT)
    except FileNotFoundError:
        return [], [f"everything: no pip-audit beside {sys.executable}"]
    except subprocess.TimeoutExpired:
        return [], [f"everything: no answer in {LIMIT} s"]
    found, missed = judge(done.stdout, locked(lock), accepted(datetime.now(UTC).date()))
    if missed and done.stderr.strip() and not done.stdout.strip():
        missed = [f"everything: {done.stderr.strip().splitlines()[-1][:200]}"]
    return found, missed


def main() -> int:
    """Print a line for each lock, and what was found or missed."""
    locks = [Path(word) for word in sys.argv[1:]] or sorted((ROOT / "requirements").glob("*.lock"))
    worst = 0
    for lock in locks:
        found, missed = audit(lock)
        for row in found:
            print(f"  {row}")
        for row in missed[:5]:
            print(f"  not looked up: {row}")
        verdict = "VULNERABLE" if found else "NOT RUN" if missed else "clean"
        rest = f", {len(missed)} not looked up" if missed else ""
        print(f"{lock.name}: {verdict}: {len(locked(lock))} packages, {len(found)} findings{rest}")
        worst = 1 if found or worst == 1 else 3 if missed or worst == 3 else 0
    return worst


if __name__ == "__main__":
    sys.exit(main())
