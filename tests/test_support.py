"""The tests' own footing: what conftest promises."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest


def test_a_connection_that_leaves_the_machine_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError, match="stay on this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(socket.gaierror, match="stay on this machine"):
        socket.getaddrinfo("example.com", 80)


def test_each_test_has_an_empty_database_of_its_own(empty_database: str, server: object) -> None:
    with psycopg.connect(empty_database) as conn:
        conn.execute("CREATE TABLE mine ()")
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)


def test_the_server_is_the_version_asked_for(empty_database: str) -> None:
    with psycopg.connect(empty_database) as conn:
        found = conn.info.server_version // 10000
    named = os.environ.get("TICKER_CONVERTER_TEST_PG_BIN")
    assert found == (int(Path(named).parent.name) if named else 18)


def test_settings_from_outside_are_gone() -> None:
    assert not {"DATABASE_URL", "ALPHA_VANTAGE_API_KEY", "ENV_FILE", "PGHOST"} & set(os.environ)


def _pytest(folder: Path, text: str, **env: str) -> tuple[int, str]:
    """Run pytest, with our conftest and nothing narrowed, on one test file."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  shared_data\n  postgres\n")
    (folder / "test_one.py").write_text(text)
    root = str(Path(__file__).parents[1])
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": root, "TICKER_CONVERTER_SHARED": str(folder), **env}
    run = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(run, cwd=folder, env=given, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_run_fails_that_skipped_a_test_of_real_data_that_is_there(tmp_path: Path) -> None:
    code, said = _pytest(tmp_path, "import pytest\ndef test_x(shared): pytest.skip('later')")
    assert code == 1 and "tests of it were skipped: test_one.py::test_x" in said


def test_a_run_in_ci_fails_that_read_no_real_data_that_is_there(tmp_path: Path) -> None:
    reading, other = "def test_x(shared): pass", "def test_x(): pass"
    assert _pytest(tmp_path, other)[0] == 0
    assert _pytest(tmp_path, reading, CI="true")[0] == 0
    code, said = _pytest(tmp_path, other, CI="true")
    assert code == 1 and "no test read it" in said
    assert _pytest(tmp_path, other, CI="true", TICKER_CONVERTER_SHARED=str(tmp_path / "none"))[0] == 0


def test_a_killed_run_leaves_no_server_behind(tmp_path: Path) -> None:
    text = (
        "import os, signal\n"
        "def test_x(server):\n"
        "    print('folder', server.directory.parent, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    code, said = _pytest(tmp_path, text, PYTEST_ADDOPTS="-s")
    assert code == -9
    folder = Path(said.split("folder ")[1].split()[0])
    until = time.monotonic() + 20
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not folder.exists()
