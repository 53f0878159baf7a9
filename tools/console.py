"""Runs the commands that a page of documentation shows, and says where its words and the programs disagree.

Run are fenced blocks of `console` (lines that begin with `$ `) and of `python`, in their order, in one folder and one
warehouse, as a person would who reads the page from top to bottom. What a command prints is compared with what the page
shows below it; a line `...` stands for any lines, and times are not compared. A comment before a block changes that:
`<!-- not run: why -->`, `<!-- exit 4 -->`.

    python -m tools.console PAGE...     writes what is really printed into the pages, each in a new embedded warehouse
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"(?:^<!-- (?P<word>[^\n]*) -->\n)?^```(?P<kind>console|python)\n(?P<body>.*?)^```$", re.M | re.S
)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


@dataclass(slots=True)
class Step:
    """One command, or a whole Python block; `shown` are the lines below it on the page."""

    kind: str
    command: str
    exit_code: int = 0
    shown: list[str] = field(default_factory=list)


Run = Callable[[Step], tuple[int, list[str]]]


def steps(text: str) -> list[Step]:
    """What is to be run of a page, in its order."""
    found = []
    for block in BLOCK.finditer(text):
        found += _steps(block)
    return found


def _steps(block: re.Match[str]) -> list[Step]:
    word = block["word"] or ""
    if word.startswith("not run: "):
        return []
    code = int(word.removeprefix("exit ")) if word.startswith("exit ") else 0
    if block["kind"] == "python":
        return [Step("python", block["body"], code)]
    made: list[Step] = []
    for line in block["body"].splitlines():
        if line.startswith("$ "):
            made.append(Step("console", line[2:], code))
        elif line.startswith("> ") and not made[-1].shown:
            made[-1].command += f"\n{line[2:]}"
        else:
            made[-1].shown.append(line)
    return made


def differences(text: str, run: Run) -> list[str]:
    """Run a page; one paragraph for each step that ended or printed otherwise than it says."""
    found = []
    for step in steps(text):
        code, lines = run(step)
        if code != step.exit_code:
            found.append(f"$ {step.command}\nends with {code}, not {step.exit_code}\n" + "\n".join(lines))
        elif step.shown and not matches(step.shown, lines):
            found.append(
                f"$ {step.command}\nthe page:\n" + "\n".join(step.shown) + "\nprinted:\n" + "\n".join(lines)
            )
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether what was printed is what the page shows, times aside."""
    pattern = "\n".join(
        "(?:.*)" if line == "..." else re.escape(TIME.sub("T", line.rstrip())) for line in shown
    )
    return (
        re.fullmatch(pattern, TIME.sub("T", "\n".join(line.rstrip() for line in printed)), re.S) is not None
    )


def runner(folder: Path, environment: Mapping[str, str]) -> Run:
    """Runs steps in `folder`, where the checkout's `src` is at hand. Printed are the lines on stdout, which is a
    terminal, and then those on stderr, which is none."""
    (folder / "src").symlink_to(ROOT / "src")
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '/usr/bin:/bin')}"

    def run(step: Step) -> tuple[int, list[str]]:
        words = (
            ["bash", "-c", step.command] if step.kind == "console" else [sys.executable, "-c", step.command]
        )
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            words, cwd=folder, env={**environment, "PATH": path, "TERM": "dumb"}, stdin=subprocess.DEVNULL,
            stdout=theirs, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            os.close(theirs)
            printed = b""
            while piece := _read(ours):
                printed += piece
            os.close(ours)
            complaints = process.communicate(timeout=120)[1]
        lines = printed.decode().replace("\r\n", "\n").splitlines() + complaints.decode().splitlines()
        return process.returncode, [line for line in lines if not line.endswith(" ...")]

    return run


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the other side is closed
        return b""


def rewritten(text: str, run: Run) -> str:
    """The page with what its commands print now, where it shows any and leaves nothing out."""

    def renew(block: re.Match[str]) -> str:
        lines = []
        for step in _steps(block):
            _, printed = run(step)
            if step.kind == "python":
                return block[0]
            lines.append("$ " + step.command.replace("\n", "\n> "))
            keep = not step.shown or "..." in step.shown or matches(step.shown, printed)
            lines += step.shown if keep else printed
        if not lines:
            return block[0]
        return block[0].replace(block["body"], "\n".join([*lines, ""]))

    return BLOCK.sub(renew, text)


def main() -> None:
    for page in map(Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder, "home")
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "TICKER_CONVERTER_HOME": str(home)}
            run = runner(Path(folder), environment)
            page.write_text(rewritten(page.read_text(), run))
            run(Step("console", f"TICKER_CONVERTER_HOME={shlex.quote(str(home))} ticker-converter db stop"))


if __name__ == "__main__":
    main()
