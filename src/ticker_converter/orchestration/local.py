"""A whole Airflow on this machine: metadata in a second database of the server that holds the prices, secrets made
once, its four programs as children of one command.

It refuses to be a production server: there each program is a service of its own, started by `airflow exec`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from ticker_converter import db, sql
from ticker_converter.errors import BadSetting, TickerConverterError
from ticker_converter.orchestration.environment import admin, environment, lookup
from ticker_converter.settings import Settings

DATABASE = "airflow"
PROGRAMS = ("api-server", "scheduler", "dag-processor", "triggerer")
SECRETS: Mapping[str, Callable[[], str]] = {
    "AIRFLOW_FERNET_KEY": lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "AIRFLOW_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_urlsafe(64),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
}


def given(settings: Settings, home: Path, dags: Path, port: int) -> dict[str, str]:
    """This process's environment, with what a local Airflow needs where it is not set."""
    outside = dict(os.environ)  # environment: a child's is made from it
    url = _metadata(settings)
    made = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "false",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
    }
    return made | _kept(home) | outside


def _metadata(settings: Settings) -> str:
    """The URL of the database `airflow`, beside the one that holds the prices; it is made if it is not there."""
    url = db.url(settings)
    parts = urlsplit(url)
    with db.translated("making the database for Airflow"), psycopg.connect(url, autocommit=True) as conn:
        for (statement,) in conn.execute(
            sql.load("orchestration/database_missing"), {"name": DATABASE}
        ).fetchall():
            conn.execute(statement)
    return urlunsplit(("postgresql", parts.netloc, f"/{DATABASE}", parts.query, ""))


def _kept(home: Path) -> dict[str, str]:
    """Secrets made at the first start and kept for the next, readable by their owner alone."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "secrets.json"
    if not path.exists():
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:  # noqa: PTH123
            json.dump({name: make() for name, make in SECRETS.items()}, file)
    found: dict[str, str] = json.loads(path.read_text())
    return found


def program() -> str:
    """The `airflow` beside this interpreter, or on the path."""
    beside = Path(sys.executable).with_name("airflow")
    found = str(beside) if beside.exists() else shutil.which("airflow")
    if found is None:
        raise BadSetting(
            "Airflow is not installed here: `make airflow` installs it, or pip install 'ticker-converter[airflow]' "
            "with the constraints of requirements/airflow.lock"
        )
    return found


def prepare(env: Mapping[str, str], account: Mapping[str, str]) -> None:
    """Migrate the metadata and write the administrator; both may be done again."""
    _run([program(), "db", "migrate"], env)
    _run([sys.executable, "-m", "ticker_converter.orchestration.admin"], env, json.dumps(account))


def _run(command: Sequence[str], env: Mapping[str, str], stdin: str = "") -> None:
    done = subprocess.run(
        command,
        env=env,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TickerConverterError(f"{' '.join(command[-2:])} failed:\n{done.stdout[-3000:]}")


def up(settings: Settings, dags: Path, port: int) -> int:
    """Prepare, start the four programs, and wait for Ctrl-C; when one of them ends, all do."""
    home = settings.ticker_converter_home / "airflow"
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            raise BadSetting(f"--port {port}: {error.strerror}; give another port") from error
    found = lookup(given(settings, home, dags, port))
    env, account = environment(found), admin(found)
    sys.stderr.write("ticker-converter: preparing Airflow's database\n")
    prepare(env, account)
    (home / "logs").mkdir(exist_ok=True)
    children: list[subprocess.Popen[bytes]] = []
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        for name in PROGRAMS:
            with (home / "logs" / f"{name}.log").open("ab") as file:
                children.append(
                    subprocess.Popen(
                        [program(), name], env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                        start_new_session=True,
                    )
                )  # fmt: skip
        sys.stderr.write(
            f"ticker-converter: Airflow answers at http://127.0.0.1:{port} in a moment; log in as "
            f"{account['username']}, the password is AIRFLOW_ADMIN_PASSWORD of {home / 'secrets.json'}; "
            "Ctrl-C ends it\n"
        )
        while not ended.wait(0.5):
            if gone := [
                name for name, child in zip(PROGRAMS, children, strict=True) if child.poll() is not None
            ]:
                raise TickerConverterError(f"airflow {gone[0]} ended: see {home / 'logs' / gone[0]}.log")
        return 0
    finally:
        stop(children)


def stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """End programs and all that they started."""
    for number, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        for child in children:
            if child.poll() is None or number == signal.SIGKILL:
                try:
                    os.killpg(child.pid, number)
                except ProcessLookupError:
                    continue
        for child in children:
            try:
                child.wait(patience)
            except subprocess.TimeoutExpired:
                continue
