"""The demo's home: the sample loaded once by `demo --no-serve`, in a process of its own, on its own embedded server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import command
from tests.support.command import Finished
from ticker_converter import embedded

PROGRAM = [sys.executable, "-m", "ticker_converter"]


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The TICKER_CONVERTER_HOME in which the demo ran."""
    home = tmp_path_factory.mktemp("home")
    yield home
    embedded.stop(home / "demo")


@pytest.fixture(scope="session")
def demo(demo_home: Path) -> Finished:
    """How `demo --no-serve` ended, with a database configured that is not there."""
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    return command.run(
        [*PROGRAM, "demo", "--no-serve"], demo_home, nowhere, stdin="", timeout=120, cwd=demo_home
    )


def free_port() -> int:
    """A port on which nobody listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the process listens on the port."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on {port}")
