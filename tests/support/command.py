"""A command in a process of its own, as a person with no setting at all would run it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.support.offline import sitecustomize


class Finished(NamedTuple):
    """How a command ended. `json` is its standard output read with exact decimals, or None if that is not JSON."""

    code: int
    stdout: str
    stderr: str
    json: Any


class Cli(Protocol):
    """Run the command line: `cli("convert", 100, "USD", "GBP", env={"FX_PEGS": "true"})`."""

    def __call__(
        self,
        *words: object,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
        cwd: Path | None = None,
    ) -> Finished: ...


def bare_environment(home: Path) -> dict[str, str]:
    """The environment of a person with no setting at all, kept on this machine."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TICKER_CONVERTER_HOME": str(home),
        "PYTHONPATH": str(Path(sitecustomize.__file__).parent),
    }


def run(
    command: Sequence[object], home: Path, env: Mapping[str, str], *, stdin: str, timeout: float, cwd: Path
) -> Finished:
    """Run `command` in the bare environment with `env` added; an empty value takes a name out."""
    given = {name: value for name, value in (bare_environment(home) | dict(env)).items() if value}
    done = subprocess.run(
        [str(word) for word in command],
        env=given, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    try:
        read = json.loads(done.stdout, parse_float=Decimal)
    except ValueError:
        read = None
    return Finished(done.returncode, done.stdout, done.stderr, read)
