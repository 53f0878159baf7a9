"""A real Airflow for tests: its own virtual environment, home and metadata database, and the programs that are asked
for. The virtual environment is named by TICKER_CONVERTER_TEST_AIRFLOW; `make test-airflow` makes one and names it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from ticker_converter.orchestration import local

ROOT = Path(__file__).parents[2]
NAMED = os.environ.get("TICKER_CONVERTER_TEST_AIRFLOW")
VENV = (ROOT / (NAMED or ".venv-airflow")).absolute()
PASSWORD = "sesame/open@#%1"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def seed(metadata: str, home: Path) -> dict[str, str]:
    """The seed's own names of an installation's settings, with fresh secrets."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
        "AIRFLOW_FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__CORE__FERNET_KEY": "${AIRFLOW_FERNET_KEY}",
        "AIRFLOW_SECRET_KEY": secrets.token_urlsafe(48),
        "AIRFLOW__WEBSERVER__SECRET_KEY": "${AIRFLOW_SECRET_KEY}",
        "AIRFLOW__WEBSERVER__AUTHENTICATE": "true",
        "AIRFLOW__WEBSERVER__AUTH_BACKEND": "airflow.api.auth.backend.basic_auth",
        "AIRFLOW_JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW_ADMIN_USERNAME": "admin",
        "AIRFLOW_ADMIN_PASSWORD": PASSWORD,
    }


class Airflow:
    """One installation: `env` is what its programs are started with."""

    def __init__(self, home: Path, metadata: str, warehouse: str, more: Mapping[str, str]) -> None:
        self.home, self.metadata, self.port = home, metadata, free_port()
        home.mkdir(parents=True, exist_ok=True)
        at = f"http://127.0.0.1:{self.port}"
        self.given = seed(metadata, home) | {
            "PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', '')}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TICKER_CONVERTER_HOME": str(home),
            "DATABASE_URL": warehouse,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": at,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{at}/execution/",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "true",
            **more,
        }  # fmt: skip
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def ours(self, *words: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        """Our command line in Airflow's virtual environment."""
        done = subprocess.run(
            [str(VENV / "bin" / "ticker-converter"), *words], env=self.given | more, capture_output=True, text=True,
            timeout=300, cwd=self.home,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done

    def run(self, *words: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        """One command of Airflow's."""
        return self.ours("airflow", "exec", "--", "airflow", *words, check=check, **more)

    def start(self, name: str, *words: str, **more: str) -> None:
        """Start a program; `stop` ends it."""
        with (self.home / f"{name}.log").open("ab") as file:
            self.children[name] = subprocess.Popen(
                [str(VENV / "bin" / "ticker-converter"), "airflow", "exec", "--", "airflow", *(words or (name,))],
                env=self.given | more, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=self.home,
                start_new_session=True,
            )  # fmt: skip

    def stop(self, *names: str) -> None:
        """End programs and all that they started; without names, all of them."""
        local.stop([self.children.pop(name) for name in (names or tuple(self.children))])

    def ask(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        """Rows of the metadata."""
        with psycopg.connect(self.metadata) as conn:
            return conn.execute(statement, given or None).fetchall()

    def wait(self, until: Callable[[], object], seconds: float, what: str) -> Any:
        """Look until there is something; what the programs said, if it never comes."""
        end = time.monotonic() + seconds
        while not (found := until()):
            gone = [name for name, child in self.children.items() if child.poll() is not None]
            if gone or time.monotonic() > end:
                said = {name: (self.home / f"{name}.log").read_text()[-2500:] for name in self.children}
                states = self.ask("SELECT dag_id, task_id, map_index, state, try_number FROM task_instance")
                raise AssertionError(
                    f"{what}: it did not come; ended: {gone}\n{states}\n"
                    + json.dumps(said, indent=1).replace("\\n", "\n")
                )
            time.sleep(0.5)
        return found

    def states(self, dag: str, run_id: str) -> dict[str, str]:
        """The state of each task of a run."""
        rows = self.ask(
            "SELECT task_id || CASE WHEN map_index < 0 THEN '' ELSE '[' || map_index || ']' END, state "
            "FROM task_instance WHERE dag_id = %s AND run_id = %s",
            dag, run_id,
        )  # fmt: skip
        return dict(rows)

    def log(self, dag: str) -> str:
        """What the tasks of a DAG wrote."""
        found = sorted((self.home / "logs").glob(f"dag_id={dag}/**/*.log"))
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(path.read_text() for path in found))
