"""How long a command takes to start, beside `python -c pass`: in turn, in CPU seconds of the finished process.

Wall time says more about the other programs of a machine than about ours, so the ratio is of CPU (user and system);
wall medians stand beside it. Bytecode is written once before anything is counted, as an installation does.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ticker_converter import cli

SAMPLE = Path(__file__).parents[1] / "src" / "ticker_converter" / "sample"
GOALS = {"import": 0.2, "help": 0.3, "convert": 0.4}
"Seconds that each may take."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks start`."""
    parser.add_argument("--rounds", type=int, default=9, help="pairs of runs of each (default: 9)")


def run(given: argparse.Namespace) -> str:
    """Measure; a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"], "HOME": folder, "TICKER_CONVERTER_HOME": f"{folder}/home",
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
        }  # fmt: skip
        program = [sys.executable, "-m", "ticker_converter"]
        subprocess.run(
            [*program, "import", "rates", str(SAMPLE / "eurofxref-hist.csv")],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        try:
            lines = [
                "| | CPU s | wall s | CPU ratio to `python -c pass` | goal, s |",
                "|---|---:|---:|---:|---:|",
            ]
            asked = {
                "import ticker_converter": ([sys.executable, "-c", "import ticker_converter"], GOALS["import"]),
                "convert 100 USD GBP": (
                    [*program, "convert", "100", "USD", "GBP", "--on", "2020-08-28"], GOALS["convert"],
                ),
                "--help": ([*program, "--help"], GOALS["help"]),
            }  # fmt: skip
            for name, (words, goal) in asked.items():
                lines.append(_line(name, words, goal, environment, given.rounds)[1])
            helps = [
                _line(f"{name} --help", [*program, name, "--help"], GOALS["help"], environment, given.rounds)
                for name in cli.COMMANDS
            ]
            lines.append(max(helps)[1].replace("|", "| the slowest of all commands:", 1))
            return "\n".join(lines)
        finally:
            subprocess.run([*program, "db", "stop"], env=environment, check=True, capture_output=True)


def _line(
    name: str, words: Sequence[str], goal: float, environment: Mapping[str, str], rounds: int
) -> tuple[float, str]:
    _spent(words, environment)
    pairs = [
        (_spent(words, environment), _spent([sys.executable, "-c", "pass"], environment))
        for _ in range(rounds)
    ]
    cpu = statistics.median(ours[0] for ours, _ in pairs)
    wall = statistics.median(ours[1] for ours, _ in pairs)
    ratio = statistics.median(ours[0] / max(pass_[0], 0.001) for ours, pass_ in pairs)
    return cpu, f"| {name} | {cpu:.3f} | {wall:.3f} | {ratio:.1f} | {goal} |"


def _spent(words: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, env=environment, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall
