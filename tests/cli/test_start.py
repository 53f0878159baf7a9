"""How a command starts and ends: quickly, and quietly when it is stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.command import Cli, bare_environment
from ticker_converter import __version__
from ticker_converter import cli as package
from ticker_converter.warehouse.merge import PUBLISH_LOCK

WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""
HEAVY = {"fastapi", "httpx", "mcp", "pandas", "polars", "pyarrow", "pydantic", "uvicorn"}


def _imported(*words: str, home: Path, database: str) -> set[str]:
    """The packages that a command has loaded when it ends."""
    code = (
        "import sys; from ticker_converter.cli import main; code = main(sys.argv[1:]);"
        "sys.stderr.write('\\nLOADED ' + ' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    env = bare_environment(home) | {"DATABASE_URL": database}
    done = subprocess.run([sys.executable, "-c", code, *words], env=env, capture_output=True, text=True)
    assert "LOADED" in done.stderr, done.stderr
    return set(done.stderr.rpartition("LOADED ")[2].split())


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys; before = set(sys.modules); import ticker_converter; print(set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert eval(done.stdout) == {"__future__", "ticker_converter"}  # noqa: S307


def test_reading_loads_no_data_frames_no_http_client_and_no_web_server(
    loaded: Cli, home: Path, database: str
) -> None:
    for words in (
        ("convert", "1", "USD", "GBP", "--on", "2020-08-28"), ("prices", "AAPL", "--in", "GBP"), ("list",),
        ("rates", "USD", "GBP"), ("quarantine", "list"),
    ):  # fmt: skip
        found = _imported(*words, home=home, database=database)
        assert not found & HEAVY, words
        assert "psycopg" in found


def test_help_and_symbol_load_no_database_driver(home: Path) -> None:
    assert "psycopg" not in _imported("symbol", "AAPL", home=home, database="")


@pytest.mark.parametrize("words", [(command,) for command in package.COMMANDS] + [()])
def test_help_loads_nothing_heavy(words: tuple[str, ...], home: Path) -> None:
    code = (
        "import sys\nfrom ticker_converter.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    line = [sys.executable, "-c", code, *words, "--help"]
    done = subprocess.run(line, env=bare_environment(home), capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("usage: ")
    assert not set(done.stderr.split()) & (HEAVY | {"asyncio", "msgspec", "psycopg", "rich", "starlette"})


@pytest.mark.parametrize("words", [(command,) for command in package.COMMANDS] + [()])
def test_every_command_has_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        package.main([*words, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {' '.join(('ticker-converter', *words))} ")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        package.main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"ticker-converter {__version__}\n"


def test_a_reader_that_goes_away_is_no_error(loaded: Cli, home: Path, database: str) -> None:
    env = bare_environment(home) | {"DATABASE_URL": database}
    run = [
        sys.executable,
        "-m",
        "ticker_converter",
        "rates",
        "EUR",
        "USD",
        "--from",
        "1990-01-01",
        "--to",
        "2020-08-31",
    ]
    with subprocess.Popen(run, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_an_interrupt_ends_quietly_with_130_and_loads_nothing(files: Path, home: Path, database: str) -> None:
    # The processes of pytest-xdist ignore SIGINT, and what they start inherits that.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from ticker_converter.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    env = bare_environment(home) | {"DATABASE_URL": database}
    run = [sys.executable, "-c", code, "import", "prices", str(files / "prices.csv")]
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", [PUBLISH_LOCK])
        process = subprocess.Popen(run, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            end = time.monotonic() + 60
            while conn.execute(WAITING).fetchone() == (0,):
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert (process.returncode, out) == (130, b"")
        assert b"Traceback" not in said
        assert conn.execute("SELECT count(*) FROM warehouse.fact_price").fetchone() == (0,)
        assert conn.execute("SELECT state FROM landing.delivery").fetchall() == [("landed",)]
