"""The stack's files, as far as they can be judged without starting it; `make test-deploy` starts it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MONITORING = DEPLOY / "monitoring"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ALERTS = [
    rule
    for group in yaml.safe_load((MONITORING / "rules/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARDS = sorted((MONITORING / "dashboards").glob("*.json"))


def _limit(text: str) -> int:
    return int(text[:-1]) * {"m": 1, "g": 1024}[text[-1]]


def test_limits_add_up_to_at_most_7_of_8_gigabytes() -> None:
    copies = {"api": 2}
    total = sum(_limit(one["mem_limit"]) * copies.get(name, 1) for name, one in COMPOSE["services"].items())
    assert total <= 7168


def test_only_the_edge_publishes_ports_and_the_database_is_on_no_network_that_leads_out() -> None:
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["nginx"]
    inner = {name for name, one in COMPOSE["networks"].items() if (one or {}).get("internal")}
    assert inner == {"edge", "data", "watch"}
    for name in ("db", "db-replica", "redis"):
        assert set(COMPOSE["services"][name]["networks"]) == {"data"}


def test_no_volume_can_be_removed_by_compose() -> None:
    assert all(one["external"] for one in COMPOSE["volumes"].values())


def test_every_service_has_a_restart_policy_a_limit_and_a_root_it_cannot_write() -> None:
    for name, one in COMPOSE["services"].items():
        assert one["restart"] in ("unless-stopped", "no"), name
        assert one["read_only"] and one["cap_drop"] == ["ALL"] and one["mem_limit"] and one["cpus"], name


def test_what_older_compose_refuses_is_not_used() -> None:
    assert "name" not in COMPOSE and "configs" not in COMPOSE
    text = (DEPLOY / "nginx/site.conf.template").read_text() + (DEPLOY / "nginx/nginx.conf").read_text()
    assert not re.search(r"^\s*http2 on|^\s*server [^;]* resolve", text, re.M)


def test_no_secret_is_passed_as_a_variable() -> None:
    for name, one in COMPOSE["services"].items():
        given = one.get("environment") or {}
        bare = [
            key
            for key, value in given.items()
            if re.search(r"PASSWORD|SECRET|_KEY$|TOKEN$", key)
            and not key.endswith(("_FILE", "__FILE", "_PATH"))
            and "$$" not in str(value)
            and not str(value).startswith("/run/secrets/")
        ]
        assert not bare, (name, bare)


def test_the_pools_leave_a_fifth_of_the_connections() -> None:
    allowed = int(
        re.search(r"^max_connections = (\d+)", (DEPLOY / "postgres/postgresql.conf").read_text(), re.M)[1]  # type: ignore[index]
    )
    pool, processes = 4, 2 * 2  # DB_POOL_SIZE; two containers with two workers
    # A process: readers, accounts, log-ins (2), probe, limits, replica's accounts; a container: its metrics.
    api = processes * (pool + pool + 2 + 1 + 1 + 1) + 2
    worker, airflow, watching = 6, 4 * 10, 8
    assert api + worker + airflow + watching <= 0.8 * allowed


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_has_a_runbook_entry_and_both_tests(rule: dict[str, object]) -> None:
    page = (ROOT / "docs/howto/runbook.md").read_text()
    assert re.search(rf"^## {rule['alert']}$", page, re.M)
    tried = [one["name"] for one in yaml.safe_load((MONITORING / "tests/alerts.yml").read_text())["tests"]]
    assert f"{rule['alert']} fires" in tried
    assert f"{rule['alert']} stays quiet" in tried or rule["expr"] == "vector(1)"


def test_alerts_fire_and_stay_quiet() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus); CI installs it")
    done = subprocess.run(
        [promtool, "test", "rules", str(MONITORING / "tests/alerts.yml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_one_that_grafana_takes(path: Path) -> None:
    board = json.loads(path.read_text())
    assert board["uid"] == path.stem and board["title"] and board["schemaVersion"] >= 38
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) > 3
    for panel in board["panels"]:
        assert panel["type"] in ("timeseries", "stat", "table") and panel["title"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] in ("prometheus", "warehouse")
            assert ("expr" in target) != ("rawSql" in target)


def test_what_a_dashboard_or_alert_asks_for_is_recorded_or_counted() -> None:
    recorded = {
        rule["record"]
        for group in yaml.safe_load((MONITORING / "rules/recording.yml").read_text())["groups"]
        for rule in group["rules"]
    }
    asked = "\n".join([str(rule["expr"]) for rule in ALERTS] + [path.read_text() for path in DASHBOARDS])
    assert set(re.findall(r"\b(?:route|service|prices|edge|provider):\w+:\w+", asked)) <= recorded
    ours = set(re.findall(r"ticker_converter_(\w+?)(?:_total|_bucket|_count|_sum)?\b", asked))
    source = "\n".join(
        path.read_text()
        for path in [
            *ROOT.glob("src/ticker_converter/api/*.py"),
            ROOT / "src/ticker_converter/queries/vitals.py",
        ]
    )
    assert not {name for name in ours if name not in source}
