"""The stack, started and tried: `make test-deploy`, and `--short` in CI. Needs root, a Docker Engine and Compose.

Every check is a function whose name is the fact; a check that could not run is a failure and never left out silently.
What is not tried here is printed at the end. `--write` puts the table of kills into docs/reference/stack-measured.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from load import Edge, Load, words  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROJECT, HOST, PORT, HTTP_PORT = "tctest", "prices.test", 18443, 18080
EDGE = Edge("127.0.0.1", PORT, HOST)
PRICES = "/v1/prices/AAPL?currency=GBP"
NOT_RUN = (
    "Grafana itself (no package of it; every panel's query was run)",
    "certbot against a real authority",
    "Airflow, an upgrade of the release, automatic scaling (not there yet)",
)


def run(*command: str, ok: bool = True, timeout: float = 300, **more: str) -> str:
    """A program's output; an error with its last lines when it fails."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DOCKER_BUILDKIT": "0", **more},
    )
    if ok and done.returncode:
        raise AssertionError(
            f"{' '.join(command[:6])}: exit {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"
        )
    return done.stdout + ("" if ok else done.stderr)


def wait(what: str, seconds: float, true: Callable[[], object]) -> float:
    """Seconds until `true` holds; an error when it does not in time."""
    began = time.monotonic()
    while True:
        try:
            if true():
                return time.monotonic() - began
        except (OSError, AssertionError, ValueError, KeyError):
            pass
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.2)


class Stack:
    """One project of Compose in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.env, self.key = folder, folder / "env", ""
        self.kills: list[tuple[str, str, float, float]] = []
        self.env.write_text(
            f"PUBLIC_HOST={HOST}\nRELEASE=test\nSECRETS_DIR={folder}/secrets\nCOMPOSE_PROJECT_NAME={PROJECT}\n"
            f"HTTP_PORT=127.0.0.1:{HTTP_PORT}\nHTTPS_PORT=127.0.0.1:{PORT}\nTESTING={HERE}\nEDGE_RATE=100\n"
            "ALPHA_VANTAGE_BASE_URL=http://provider:9000/query\nECB_BASE_URL=http://provider:9000/ecb\n"
            "ALPHA_VANTAGE_RATE_LIMIT=1000\nAPI_ANONYMOUS_READ=true\nRATE_LIMIT_REQUESTS=100000\n"
            "HEALTH_CHECK_INTERVAL=2\n"
        )
        self.env.chmod(0o600)

    def compose(self, *words: str, ok: bool = True) -> str:
        """docker-compose with the stack's files."""
        program = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        files = ["-f", str(ROOT / "deploy/compose.yaml"), "-f", str(HERE / "compose.test.yaml")]
        return run(*program, "--env-file", str(self.env), *files, *words, ok=ok, timeout=600)

    def prepare(self, ok: bool = True, **given: str) -> str:
        """deploy/prepare with these secrets in the environment."""
        return run(str(ROOT / "deploy/prepare"), str(self.env), ok=ok, **given)

    def up(self) -> None:
        """Everything, two API containers."""
        self.compose("up", "-d", "--scale", "api=2")
        wait("a reader is answered through the edge", 60, lambda: EDGE.ask("/health/ready")[0] == 200)

    def containers(self, service: str) -> list[str]:
        """Names of a service's containers."""
        label = f"label=com.docker.compose.service={service}"
        found = run(
            "docker",
            "ps",
            "-a",
            "--filter",
            f"label=com.docker.compose.project={PROJECT}",
            "--filter",
            label,
            "--format",
            "{{.Names}}",
        )
        return sorted(found.split())

    def inside(self, service: str, *command: str, ok: bool = True) -> str:
        """A command in a service's first container."""
        return run("docker", "exec", self.containers(service)[0], *command, ok=ok)

    def auth(self) -> dict[str, str]:
        """The header of the key that the test made."""
        return {"X-API-Key": self.key}

    def down(self) -> None:
        """Away with containers, networks, and these tests' own volumes."""
        self.compose("down", "--remove-orphans", "-t", "3", ok=False)
        volumes = run("docker", "volume", "ls", "-q", "--filter", f"name=^{PROJECT}_").split()
        if volumes:
            run("docker", "volume", "rm", *volumes, ok=False)


# ---- the checks, in this order ----


def placeholders_are_refused(stack: Stack) -> None:
    for name, value in (
        ("JWT_SECRET_KEY", "change-me"),
        ("DB_PASSWORD", "password"),
        ("ALPHA_VANTAGE_API_KEY", "demo"),
    ):
        said = stack.prepare(
            ok=False, **{"ALPHA_VANTAGE_API_KEY": "R4ND0M" + secrets.token_hex(5), name: value}
        )
        assert f"{name} is a placeholder" in said, said
    said = stack.prepare(ok=False)
    assert "ALPHA_VANTAGE_API_KEY is not set" in said, said
    stack.env.chmod(0o644)
    assert "chmod 600" in stack.prepare(ok=False)
    stack.env.chmod(0o600)


def a_must_that_is_missing_is_named(stack: Stack) -> None:
    whole = stack.env.read_text()
    for name in ("PUBLIC_HOST", "RELEASE", "SECRETS_DIR"):
        stack.env.write_text(re.sub(rf"^{name}=.*\n", "", whole, flags=re.M))
        said = stack.compose("config", "-q", ok=False)
        assert re.search(r"say under which|say which release|name the folder", said), (name, said)
    stack.env.write_text(whole)
    stack.compose("config", "-q")


def one_command_starts_it(stack: Stack) -> None:
    stack.prepare(ALPHA_VANTAGE_API_KEY="R4ND0M" + secrets.token_hex(5))
    began = time.monotonic()
    stack.up()
    print(f"    healthy after {time.monotonic() - began:.0f} s", flush=True)


def each_secret_is_read_by_its_own_container_alone(stack: Stack) -> None:
    store = stack.folder / "secrets"
    for service, uid in (("api", 10001), ("worker", 10001), ("db", 999), ("db-replica", 999), ("redis", 999)):
        files = list((store / service).iterdir())
        assert files
        for path in files:
            found = path.stat()
            assert (found.st_uid, found.st_mode & 0o777) == (uid, 0o400), path
        assert stack.inside(service, "sh", "-c", "cat /run/secrets/* | wc -c").strip() != "0"
    said = stack.inside("worker", "cat", "/run/secrets/DB_WEB_PASSWORD", ok=False)
    assert "No such file" in said
    other = run(
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--user",
        "12345",
        "--entrypoint",
        "cat",
        "-v",
        f"{store}/api:/s:ro",
        "ticker-converter/api:test",
        "/s/JWT_SECRET_KEY",
        ok=False,
    )
    assert "Permission denied" in other, other


def a_sync_arrives_and_is_converted(stack: Stack) -> None:
    made = stack.inside(
        "worker",
        "ticker-converter",
        "key",
        "create",
        "--scopes",
        "read,operate",
        "--name",
        "test",
        "--format",
        "json",
    )
    stack.key = re.search(r"tc_[A-Za-z0-9_.-]+", made)[0]  # type: ignore[index]
    for symbol in ("AAPL", "MSFT"):
        stack.inside("worker", "ticker-converter", "add", symbol, "--mic", "XNAS", "--unit", "USD")
    status, headers, body = EDGE.ask(
        "/v1/runs", method="POST", headers={**stack.auth(), "Content-Type": "application/json"}, body=b"{}"
    )
    assert status == 202, (status, body)

    def over() -> bool:
        state = json.loads(EDGE.ask(headers["location"], headers=stack.auth())[2])["state"]
        assert state not in ("failed", "cancelled"), state
        return state in ("done", "partly")

    wait("the sync that the API was asked for is done", 60, over)
    wait(
        "the converted prices are served",
        15,
        lambda: b'"close":136,' in EDGE.ask(PRICES, headers=stack.auth())[2],
    )
    bars = json.loads(EDGE.ask(PRICES, headers=stack.auth())[2])["prices"]
    assert len(bars) > 20
    assert {bar["close"] for bar in bars} == {136}, bars[:2]


def the_page_is_served_over_tls(stack: Stack) -> None:
    status, headers, body = EDGE.ask("/")
    assert status == 200 and headers["content-type"].startswith("text/html"), (status, headers)
    assert "script-src 'self'" in headers["content-security-policy"]
    for path in re.findall(rb'(?:src|href)="(/static/[^"]+)"', body):
        assert EDGE.ask(path.decode())[0] == 200, path
    said = run("curl", "-si", "-H", f"Host: {HOST}", f"http://127.0.0.1:{HTTP_PORT}/x?y=1")
    assert "308 Permanent Redirect" in said and f"https://{HOST}/x?y=1" in said, said


def counting_and_kept_bodies_use_redis(stack: Stack) -> None:
    for _ in range(20):
        EDGE.ask(PRICES, headers=stack.auth())
    found = inner("http://redis-exporter:9121/metrics")
    for command in ("eval", "get", "set"):
        assert re.search(rf'redis_commands_total\{{cmd="{command}"\}} [1-9]', found), command
    assert not re.search(r'redis_errors_total\{err="(NOPERM|WRONGPASS|DENIED)"', found)


def old_tls_is_refused_and_headers_are_set(stack: Stack) -> None:
    for version, good in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        said = run(
            "openssl",
            "s_client",
            version,
            "-cipher",
            "ALL:@SECLEVEL=0",
            "-servername",
            HOST,
            "-connect",
            f"127.0.0.1:{PORT}",
            ok=False,
            timeout=20,
        )
        assert ("Cipher is (NONE)" not in said) == good, (version, said[-400:])
    for cipher in ("AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"):
        said = run(
            "openssl",
            "s_client",
            "-tls1_2",
            "-cipher",
            f"{cipher}:@SECLEVEL=0",
            "-servername",
            HOST,
            "-connect",
            f"127.0.0.1:{PORT}",
            ok=False,
            timeout=20,
        )
        assert "Cipher is (NONE)" in said, cipher
    said = run(
        "openssl", "s_client", "-alpn", "h2", "-servername", HOST, "-connect", f"127.0.0.1:{PORT}", ok=False
    )
    assert "ALPN protocol: h2" in said
    status, headers, _ = EDGE.ask("/health/ready", headers={"X-Request-ID": "a-caller-s.own:1"})
    assert status == 200 and headers["x-request-id"] == "a-caller-s.own:1"
    assert headers["x-content-type-options"] == "nosniff" and "content-security-policy" in headers
    # Signed by itself: browsers are not told to insist on TLS.
    assert "strict-transport-security" not in headers
    assert Edge("127.0.0.1", PORT, "other.test").ask("/")[0] == 421


def a_body_too_large_and_a_caller_too_fast_are_stopped_at_the_edge(stack: Stack) -> None:
    status, _, _ = EDGE.ask("/v1/value", method="POST", body=b"x" * 1_100_000, headers=stack.auth())
    assert status == 413, status
    said = run(
        "sh",
        "-c",
        f"curl -sk -o /dev/null -w '%{{http_code}}\\n' -Z --parallel-max 60 -H 'Host: {HOST}' "
        f"'https://127.0.0.1:{PORT}/health/live?[1-600]' | sort | uniq -c",
    )
    counted = {code: int(number) for number, code in (line.split() for line in said.splitlines())}
    assert counted.get("429", 0) > 50 and set(counted) == {"200", "429"}, counted
    time.sleep(2)


def kept_answers_are_given_to_strangers_only(stack: Stack) -> None:
    path = f"{PRICES}&limit=3"
    first = EDGE.ask(path)
    again = EDGE.ask(path)
    assert first[0] == 200 and again[1]["x-cache"] == "HIT", again[1]
    assert first[1]["x-request-id"] != again[1]["x-request-id"]
    assert "ratelimit-remaining" not in again[1]
    assert EDGE.ask(path, headers={"If-None-Match": first[1]["etag"]})[0] == 304
    known = EDGE.ask(path, headers=stack.auth())
    assert known[1]["x-cache"] == "BYPASS" and known[1]["cache-control"].startswith("private"), known[1]
    assert EDGE.ask(path, headers={"X-API-Key": "tc_" + "0" * 40})[0] == 401
    time.sleep(1.2)
    wait(
        "it is asked again behind the reader's back",
        5,
        lambda: EDGE.ask(path)[1]["x-cache"] in ("STALE", "UPDATING"),
    )


def a_stale_answer_beats_none(stack: Stack) -> None:
    path = f"{PRICES}&limit=4"
    EDGE.ask(path)
    wait("it is kept", 5, lambda: EDGE.ask(path)[1]["x-cache"] == "HIT")
    names = stack.containers("api")
    run("docker", "pause", *names)
    try:
        time.sleep(2.5)
        status, headers, body = EDGE.ask(path, timeout=30)
        assert status == 200 and headers["x-cache"] in ("STALE", "UPDATING") and b'"close":136,' in body, (
            status,
            headers,
        )
    finally:
        run("docker", "unpause", *names)
    wait("they serve again", 20, lambda: EDGE.ask(PRICES, headers=stack.auth())[0] == 200)


def the_database_cannot_be_reached_from_the_edge(stack: Stack) -> None:
    probe = (
        "import socket,sys\nfor host,port in (('db',5432),('redis',6379)):\n"
        " try: socket.create_connection((host,port),2); print('open',host)\n except OSError: print('closed',host)"
    )
    for network, wanted in (("edge", "closed"), ("front", "closed"), ("data", "open")):
        said = run(
            "docker",
            "run",
            "--rm",
            "--network",
            f"{PROJECT}_{network}",
            "--entrypoint",
            "python3",
            "ticker-converter/api:test",
            "-c",
            probe,
        )
        assert set(said.split()[::2]) == {wanted}, (network, said)
    published = run(
        "docker",
        "ps",
        "--filter",
        f"label=com.docker.compose.project={PROJECT}",
        "--format",
        "{{.Names}} {{.Ports}}",
    )
    assert all("nginx_1" in line or "nginx-1" in line for line in published.splitlines() if "->" in line), (
        published
    )


def every_role_may_do_its_own_and_no_more(stack: Stack) -> None:
    probe = """
import psycopg, sys, pathlib
tries = {'mart': 'SELECT count(*) FROM mart.state', 'landing': 'SELECT count(*) FROM landing.payload',
         'access': 'SELECT count(*) FROM access.api_key', 'write': 'CREATE TABLE warehouse.x_probe ()',
         'file': "SELECT pg_read_file('/etc/passwd')"}
role, file, host = sys.argv[1:]
password = pathlib.Path('/s', file).read_text()
for name, statement in tries.items():
    try:
        with psycopg.connect(host=host, user=role, password=password, dbname='ticker_converter') as conn:
            conn.execute(statement); conn.rollback()
        print(name, end=' ')
    except psycopg.Error as error:
        refused = psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction
        if not isinstance(error, refused): print('!', type(error).__name__, end=' ')
"""
    wanted = {
        ("ticker_user", "DB_PASSWORD"): "mart landing access write",
        ("ticker_migrate", "DB_MIGRATE_PASSWORD"): "mart landing access write",
        ("ticker_web", "DB_WEB_PASSWORD"): "mart access",
        ("ticker_reader", "DB_READ_PASSWORD"): "mart",
        ("ticker_monitor", "DB_MONITOR_PASSWORD"): "mart",
    }
    for (role, file), may in wanted.items():
        said = run(
            "docker",
            "run",
            "--rm",
            "--user",
            "0",
            "--network",
            f"{PROJECT}_data",
            "--entrypoint",
            "python3",
            "-v",
            f"{stack.folder}/secrets/store:/s:ro",
            "ticker-converter/api:test",
            "-c",
            probe,
            role,
            file,
            "db",
        )
        assert said.strip() == may, (role, said)
    said = run(
        "docker",
        "run",
        "--rm",
        "--network",
        f"{PROJECT}_data",
        "--entrypoint",
        "psql",
        "ticker-converter/postgres:test",
        "postgresql://postgres@db/postgres",
        "-c",
        "SELECT 1",
        ok=False,
    )
    assert "pg_hba.conf rejects" in said, said


def containers_are_not_root_and_cannot_write_their_root(stack: Stack) -> None:
    names = run(
        "docker", "ps", "--filter", f"label=com.docker.compose.project={PROJECT}", "--format", "{{.Names}}"
    ).split()
    assert len(names) > 12
    for name in names:
        found = json.loads(run("docker", "inspect", name))[0]
        host = found["HostConfig"]
        if "provider" in name:
            continue
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["Memory"], name
        assert found["HostConfig"]["RestartPolicy"]["Name"] in ("unless-stopped", "no"), name
        if "nginx" not in name or "exporter" in name:
            assert found["Config"]["User"] not in ("", "root", "0"), name
    for image in ("api", "nginx", "postgres"):
        found = run(
            "docker",
            "run",
            "--rm",
            "--network",
            "none",
            "--entrypoint",
            "sh",
            f"ticker-converter/{image}:test",
            "-c",
            "command -v gcc cc make git; find / -xdev -perm /6000 -type f; true",
        )
        assert not found.strip(), (image, found)


def no_secret_is_in_logs_processes_metrics_or_images(stack: Stack) -> None:
    store = stack.folder / "secrets" / "store"
    hidden = {path.name: path.read_text() for path in store.iterdir()} | {"the test's key": stack.key}
    names = run(
        "docker",
        "ps",
        "-a",
        "--filter",
        f"label=com.docker.compose.project={PROJECT}",
        "--format",
        "{{.Names}}",
    ).split()
    places = {f"log of {name}": run("docker", "logs", name, ok=False) for name in names}
    places |= {f"settings of {name}": run("docker", "inspect", name) for name in names}
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue  # it has ended
    places["process list"] = "\n".join(lines)
    for address in (
        "http://api:9090/metrics",
        "http://postgres-exporter:9187/metrics",
        "http://redis-exporter:9121/metrics",
        "http://prometheus:9090/api/v1/status/config",
        "http://prometheus:9090/api/v1/targets",
    ):
        places[address] = inner(address)
    for image in ("api", "nginx", "postgres"):
        tagged = f"ticker-converter/{image}:test"
        places[f"history of {image}"] = run("docker", "history", "--no-trunc", tagged)
        places[f"files of {image}"] = run(
            "docker",
            "run",
            "--rm",
            "--network",
            "none",
            "--entrypoint",
            "sh",
            tagged,
            "-c",
            "find / -xdev \\( -name '*.env*' -o -name secrets \\) -not -path '/usr/lib/*' "
            "-not -path '/opt/venv/lib/*' -not -path '/proc/*' 2>/dev/null; true",
        )
        assert not places[f"files of {image}"].strip(), places[f"files of {image}"]
    found = [
        f"{name} in the {where}"
        for where, text in places.items()
        for name, value in hidden.items()
        if value in text
    ]
    assert not found, found


def prometheus_sees_every_part(stack: Stack) -> None:
    def all_up() -> bool:
        found = json.loads(inner("http://prometheus:9090/api/v1/targets"))["data"]["activeTargets"]
        down = [(one["labels"]["job"], one["lastError"]) for one in found if one["health"] != "up"]
        assert not down and len({one["labels"]["job"] for one in found}) == 8, (down, len(found))
        return True

    wait("every target is up", 60, all_up)


def every_panel_and_every_rule_is_answered(stack: Stack) -> None:
    probe = """
import json, pathlib, psycopg, urllib.parse, urllib.request
password = pathlib.Path('/s/DB_MONITOR_PASSWORD').read_text()
wrong, asked = [], 0
for path in sorted(pathlib.Path('/d').glob('*.json')):
    for panel in json.loads(path.read_text())['panels']:
        for target in panel['targets']:
            asked += 1
            try:
                if 'expr' in target:
                    query = urllib.parse.urlencode({'query': target['expr']})
                    with urllib.request.urlopen('http://prometheus:9090/api/v1/query?' + query) as answer:
                        assert json.load(answer)['status'] == 'success'
                else:
                    with psycopg.connect(host='db', user='ticker_monitor', password=password,
                                         dbname='ticker_converter') as conn:
                        conn.execute(target['rawSql']).fetchall()
            except Exception as error:
                wrong.append(f"{path.name}: {panel['title']}: {error}")
groups = json.load(urllib.request.urlopen('http://prometheus:9090/api/v1/rules'))['data']['groups']
rules = [rule for group in groups for rule in group['rules']]
wrong += [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule['health'] == 'err']
print(json.dumps([asked, len(rules), wrong]))
"""
    name = f"{PROJECT}_panels"
    run("docker", "rm", "-f", name, ok=False)
    image = "ticker-converter/api:test"
    mounts = [
        "-v",
        f"{stack.folder}/secrets/postgres-exporter:/s:ro",
        "-v",
        f"{ROOT}/deploy/monitoring/dashboards:/d:ro",
    ]
    run(
        "docker",
        "create",
        "--name",
        name,
        "--user",
        "65534",
        "--network",
        f"{PROJECT}_watch",
        *mounts,
        "--entrypoint",
        "python3",
        image,
        "-c",
        probe,
    )
    run("docker", "network", "connect", f"{PROJECT}_data", name)
    said = run("docker", "start", "-a", name)
    run("docker", "rm", "-f", name, ok=False)
    asked, rules, wrong = json.loads(said)
    assert not wrong, wrong
    assert asked > 40 and rules > 30, (asked, rules)


def inner(address: str) -> str:
    """An answer as the monitoring network gets it."""
    ask = "import sys,urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
    return run(
        "docker",
        "run",
        "--rm",
        "--network",
        f"{PROJECT}_watch",
        "--entrypoint",
        "python3",
        "ticker-converter/api:test",
        "-c",
        ask,
        address,
    )


def a_killed_container_comes_back(stack: Stack, services: tuple[str, ...]) -> None:
    """Under load: what clients saw, and seconds until all answers were good again."""
    limits = {"nginx": 10, "api": 10, "db": 30, "db-replica": 30}
    for service in services:
        name = stack.containers(service)[0]
        with Load(EDGE, PRICES, stack.auth(), rate=20, expect=b'"close":136,') as load:
            wait("the load runs", 10, lambda: load.since(0).get("200", 0) > 10)  # noqa: B023
            killed = time.monotonic()
            pid = json.loads(run("docker", "inspect", name))[0]["State"]["Pid"]
            run("kill", "-9", str(pid))
            back = wait(f"{name} runs again", 60, lambda: running(name, pid))  # noqa: B023
            time.sleep(max(0.0, 4 - (time.monotonic() - killed)))
            good = time.monotonic()
            wait("ten good answers in a row", 60, lambda: load.since(good).get("200", 0) >= 10)  # noqa: B023
        seen, last = load.since(killed), load.last_failure(killed)
        stack.kills.append((service, words(seen), last, back))
        print(
            f"    {service}: {words(seen)}; last failure after {last:.1f} s, back after {back:.1f} s",
            flush=True,
        )
        assert last <= limits.get(service, 1.0), (service, seen, last)
        assert not {"500", "200 with another body"} & set(seen), (service, seen)


def running(name: str, old: int) -> bool:
    """Whether the container runs under another process than before, and is healthy where it can say so."""
    state = json.loads(run("docker", "inspect", name))[0]["State"]
    return (
        state["Running"]
        and state["Pid"] != old
        and state.get("Health", {}).get("Status", "healthy") == "healthy"
    )


def after_a_restart_of_everything_all_is_there(stack: Stack) -> None:
    before = EDGE.ask(PRICES, headers=stack.auth())[2]
    stack.compose("down", "-v", "-t", "20")  # -v: the data survives that too
    stack.up()
    wait("the same numbers, by the same key", 30, lambda: EDGE.ask(PRICES, headers=stack.auth())[2] == before)


def it_fits_the_reference_server(stack: Stack) -> None:
    import yaml

    found = yaml.safe_load(stack.compose("config"))["services"]
    units = {"m": 1, "g": 1024}
    total = 0
    for name, one in found.items():
        limit = str(one["mem_limit"])
        size = int(limit[:-1]) * units[limit[-1]] if limit[-1] in units else int(limit) // 1_048_576
        total += size * (2 if name == "api" else 1)
    assert total <= 7168, f"{total} MB"
    print(f"    limits add up to {total} MB of 7168", flush=True)


SHORT: tuple[Callable[[Stack], None], ...] = (
    placeholders_are_refused,
    a_must_that_is_missing_is_named,
    one_command_starts_it,
    each_secret_is_read_by_its_own_container_alone,
    a_sync_arrives_and_is_converted,
    the_page_is_served_over_tls,
    counting_and_kept_bodies_use_redis,
    old_tls_is_refused_and_headers_are_set,
    a_body_too_large_and_a_caller_too_fast_are_stopped_at_the_edge,
    kept_answers_are_given_to_strangers_only,
    a_stale_answer_beats_none,
    the_database_cannot_be_reached_from_the_edge,
    every_role_may_do_its_own_and_no_more,
    containers_are_not_root_and_cannot_write_their_root,
    prometheus_sees_every_part,
    every_panel_and_every_rule_is_answered,
    it_fits_the_reference_server,
)
KILLED_SHORT = ("api", "db")
KILLED = ("api", "nginx", "db-replica", "db", "redis", "worker", "prometheus", "alertmanager")


def needs() -> list[str]:
    """What is missing here, in words."""
    missing = []
    if os.geteuid() != 0:
        missing.append(
            "root (the images are made with debootstrap and each secret is given to its container's user)"
        )
    for program, package in (
        ("docker", "docker.io"),
        ("debootstrap", "debootstrap"),
        ("curl", "curl"),
        ("openssl", "openssl"),
    ):
        if shutil.which(program) is None:
            missing.append(f"{program} (Debian: apt-get install {package})")
    two = ["docker", "compose", "version"]
    old = shutil.which("docker-compose") is not None
    if not missing and not old and subprocess.run(two, capture_output=True).returncode:
        missing.append("Compose (Debian: apt-get install docker-compose)")
    if not missing and subprocess.run(["docker", "info"], capture_output=True).returncode:
        missing.append("a running Docker Engine (start dockerd)")
    return missing


def main() -> int:
    """Run the checks; 0 when all passed, 1 when one failed, 2 when something needed is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="what CI runs")
    parser.add_argument("--write", action="store_true", help="write docs/reference/stack-measured.md")
    parser.add_argument("--keep", action="store_true", help="leave the stack running")
    parser.add_argument("--no-build", action="store_true", help="take the images that are there")
    chosen = parser.parse_args()
    if missing := needs():
        print("make test-deploy needs:\n  " + "\n  ".join(missing), file=sys.stderr)
        return 2
    if not chosen.no_build:
        began = time.monotonic()
        print("images", flush=True)
        run(str(HERE / "images"), timeout=1500)
        print(f"    {time.monotonic() - began:.0f} s", flush=True)
    stack = Stack(Path(tempfile.mkdtemp(prefix="ticker-stack-")))
    stack.folder.chmod(0o755)
    stack.down()
    killed = KILLED_SHORT if chosen.short else KILLED

    def a_killed_container_comes_back_under_load(one: Stack) -> None:
        a_killed_container_comes_back(one, killed)

    checks = [
        *SHORT,
        a_killed_container_comes_back_under_load,
        no_secret_is_in_logs_processes_metrics_or_images,
        after_a_restart_of_everything_all_is_there,
    ]
    passed, failed = 0, 0
    try:
        for check in checks:
            began = time.monotonic()
            try:
                check(stack)
                passed += 1
                print(f"ok   {check.__name__} ({time.monotonic() - began:.0f} s)", flush=True)
            except Exception:  # a check that breaks is a failure; the next ones still tell something
                failed += 1
                print(f"FAIL {check.__name__}\n{traceback.format_exc()[-2500:]}", flush=True)
                if check is one_command_starts_it:
                    print(stack.compose("ps", ok=False), stack.compose("logs", "--tail=20", ok=False)[-6000:])
                    break
        if chosen.write and not failed:
            write(stack)
    finally:
        if not chosen.keep:
            stack.down()
            shutil.rmtree(stack.folder, ignore_errors=True)
    print("not tried here:\n  " + "\n  ".join(NOT_RUN))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def write(stack: Stack) -> None:
    """The page of figures: what each service uses, the images, and what a kill does."""
    names = [
        name
        for name in run(
            "docker",
            "ps",
            "--filter",
            f"label=com.docker.compose.project={PROJECT}",
            "--format",
            "{{.Names}}",
        ).split()
        if "provider" not in name
    ]
    used = run("docker", "stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}", *names).splitlines()
    images = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}\t{{.Size}}").splitlines()
    rows = [
        "<!-- Made by `make test-deploy ARGS=--write`; not edited by hand. -->\n",
        "# The stack, measured\n",
    ]
    rows += [
        "Two cores, stand-in images made from Debian's packages. 20 requests a second through nginx and TLS.\n"
    ]
    rows += [
        "## A container is killed\n",
        "The process is killed (SIGKILL); Docker starts it again.\n",
        "| killed | answers seen by clients until recovery | last failed answer after | running again after |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| {service} | {seen} | {last:.1f} s | {back:.1f} s |" for service, seen, last, back in stack.kills
    ]
    rows += [
        "\n## What each container uses\n",
        "After the checks, idle.\n",
        "| container | memory used / limit |",
        "|---|---|",
    ]
    rows += ["| {} | {} |".format(*line.removeprefix(f"{PROJECT}_").split("\t")) for line in sorted(used)]
    rows += ["\n## Images\n", "| image | size, uncompressed, on a stand-in base |", "|---|---|"]
    rows += [
        "| {} | {} |".format(*line.split("\t"))
        for line in sorted(images)
        if line.startswith("ticker-converter/")
    ]
    (ROOT / "docs/reference/stack-measured.md").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    sys.exit(main())
