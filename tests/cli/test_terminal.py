"""What a terminal shows and a pipe gets: colour for a person, plain text for a program."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import Cli, bare_environment
from ticker_converter.cli import pacing
from ticker_converter.coverage import Room
from ticker_converter.fetching import told
from ticker_converter.records import Call

PROGRAM = f"{sys.executable} -m ticker_converter"
READS = (
    "prices AAPL VOD.L --in GBP", "rates EUR USD --from 1999-01-01 --to 2020-08-31", "returns AAPL --in GBP",
    "convert 1 USD GBP --on 2020-08-28", "actions AAPL", "currencies", "runs", "gaps", "list", "status", "check",
    "quarantine list", "symbol VOD.L", "--help", "prices --help", "completion bash", "performers --in GBP",
    "indicators AAPL --names sma:2", "summary --on 2020-08-28", "screen --in GBP", "db status", "prices AAPL --plot",
)  # fmt: skip


def _on_a_terminal(words: str, environment: dict[str, str]) -> str:
    """What a command prints on a terminal of 60 columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "ticker_converter", *words.split()], env=environment, stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(theirs)
        printed = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not piece:
                break
            printed += piece
        os.close(ours)
        assert process.wait(120) == 0
    return printed.decode().replace("\r\n", "\n")


@pytest.fixture
def environment(loaded: Cli, home: Path, database: str) -> dict[str, str]:
    return bare_environment(home) | {"DATABASE_URL": database, "COLUMNS": "60"}


def test_a_terminal_with_colour_shows_every_digit_however_narrow(environment: dict[str, str]) -> None:
    coloured = _on_a_terminal("prices AAPL --in GBP", environment | {"TERM": "xterm-256color"})
    plain = _on_a_terminal("prices AAPL --in GBP", environment | {"TERM": "xterm", "NO_COLOR": "1"})
    assert "\x1b[" in coloured and "\x1b" not in plain
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    shown = [line.split() for line in bare.splitlines() if line[:1].isdigit()]
    assert shown == [line.split() for line in plain.splitlines() if line[:1].isdigit()] != []


@pytest.mark.parametrize("setting", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}])
def test_a_terminal_without_colour_gets_plain_text(
    environment: dict[str, str], setting: dict[str, str]
) -> None:
    shown = _on_a_terminal("list", environment | setting)
    assert shown.startswith("symbol") and "\x1b" not in shown


@pytest.mark.parametrize("words", READS)
def test_a_pipe_that_reads_one_line_is_no_error(environment: dict[str, str], words: str) -> None:
    line = f"set -o pipefail; {PROGRAM} {words} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 3, 4, 141), (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert "\x1b" not in done.stdout and len(done.stdout.splitlines()) <= 1


def test_colour_is_loaded_for_no_pipe(environment: dict[str, str]) -> None:
    code = (
        "import sys; from ticker_converter.cli import main; main(['list', '--format', 'table']);"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=120).returncode == 0


def _calls(number: int) -> list[Call]:
    return [Call("alpha_vantage", "prices", f"https://prices.example/{n}", f"A{n}") for n in range(number)]


def test_a_run_tells_how_far_it_is_what_is_left_and_when_it_ends() -> None:
    said: list[str] = []
    now = [0.0]
    calls = _calls(4)
    run = pacing.Calls(said.append, calls, {"alpha_vantage": Room(left=20, a_minute=5)}, clock=lambda: now[0])
    run("reading a payload")
    for call in calls:
        run(told(call))
        now[0] += 60.0
    assert said[0] == "reading a payload"
    assert said[1] == "[................] 0 of 4, alpha_vantage: prices A0, 20 calls left today"
    assert said[3].startswith(
        "[########........] 2 of 4, alpha_vantage: prices A2, 18 calls left today, done about "
    )
    end = datetime.now(UTC) + timedelta(minutes=1)
    shown = re.findall(r"done about (\d\d:\d\d) UTC", said[4])
    assert shown and shown[0] in {f"{end + timedelta(seconds=n):%H:%M}" for n in (-60, 0, 60)}


def test_a_provider_that_is_slower_than_the_run_sets_the_end() -> None:
    said: list[str] = []
    calls = _calls(31)
    run = pacing.Calls(said.append, calls, {"alpha_vantage": Room(a_minute=1)}, clock=lambda: 0.0)
    run(told(calls[0]))
    run(told(calls[1]))
    end = datetime.now(UTC) + timedelta(minutes=29)
    assert re.findall(r"about (\S+)", said[1])[0] in {
        f"{end + timedelta(minutes=n):%H:%M}" for n in (-1, 0, 1)
    }
    assert "left today" not in said[1]


def test_a_call_asked_twice_is_counted_once() -> None:
    said: list[str] = []
    calls = _calls(1)
    run = pacing.Calls(said.append, calls, {"alpha_vantage": Room()})
    run(told(calls[0]))
    run(told(calls[0]))
    assert said == ["[................] 0 of 1, alpha_vantage: prices A0", told(calls[0])]
