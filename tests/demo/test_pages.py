"""Every command that README and the docs show is run, and prints what they say."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo.conftest import PROGRAM, free_port, wait_for
from tests.support import command
from tests.support.command import Finished
from tools import console
from tools.console import Step

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "docs").rglob("*.md")
    if console.steps(path.read_text())
)
URL = re.compile(r"curl -s '([^']+)'")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_its_commands_do(page: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    database = "empty_database" if page == "docs/howto/own-postgresql.md" else "database"
    home = tmp_path / "home"
    home.mkdir()
    environment = command.bare_environment(home) | {"DATABASE_URL": request.getfixturevalue(database)}
    folder = tmp_path / "clone"
    folder.mkdir()
    found = console.differences((ROOT / page).read_text(), console.runner(folder, environment))
    assert not found, "\n\n".join([*found, f"`python -m tools.console {page}` writes what is printed now"])


def test_the_pages_that_show_commands_are_many() -> None:
    assert len(PAGES) >= 6


def test_each_of_the_ten_tasks_takes_three_commands_or_ten_lines_of_python() -> None:
    page = (ROOT / "docs" / "howto" / "ten-tasks.md").read_text()
    tasks = [console.steps(part) for part in re.split(r"^## \d+\. ", page, flags=re.M)[1:]]
    assert len(tasks) == 10
    assert all(1 <= len(task) <= 3 for task in tasks)
    assert max(len(step.command.splitlines()) for task in tasks for step in task) <= 12


def test_readme_shows_what_the_demo_prints(demo: Finished) -> None:
    blocks = re.findall(r"^<!-- demo -->\n```\n(.*?)^```$", README, re.M | re.S)
    assert len(blocks) == 2
    printed = console.TIME.sub("T", demo.stdout)
    assert not [block for block in blocks if console.TIME.sub("T", block) not in printed]


def test_the_receipt_that_is_explained_is_the_demos(demo: Finished) -> None:
    page = (ROOT / "docs" / "explanation" / "receipts.md").read_text()
    (block,) = re.findall(r"^```\n(.*?)^```$", page, re.M | re.S)
    assert block in demo.stdout


def test_readme_python_runs_on_the_demos_data(demo: Finished, demo_home: Path, tmp_path: Path) -> None:
    environment = command.bare_environment(demo_home / "demo")
    python = [step for step in console.steps(README) if step.kind == "python"]
    assert python
    run = console.runner(tmp_path, environment)
    for step in python:
        code, lines = run(step)
        assert code == 0, lines
        assert "75.08854385 2020-08-28" in "\n".join(lines)


@pytest.fixture(scope="module")
def api(demo: Finished, demo_home: Path) -> Iterator[httpx.Client]:
    """The demo's data, served."""
    port = free_port()
    line = [*PROGRAM, "serve", "--port", str(port), "--workers", "1"]
    env = command.bare_environment(demo_home / "demo")
    with subprocess.Popen(
        line, env=env, cwd=demo_home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port, server)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield client
        finally:
            server.terminate()
            server.wait(timeout=60)


def test_readme_shows_what_the_api_answers(api: httpx.Client) -> None:
    asked = [step for step in console.steps(README) if URL.search(step.command)]
    assert len(asked) == 2
    for step in asked:
        answer = _get(api, step)
        if step.shown:
            assert _timeless(answer) == _timeless(json.loads("\n".join(step.shown)))
        else:
            assert [bar["missing"] for bar in answer["prices"]] == [None] * len(answer["prices"]) != []


def _get(api: httpx.Client, step: Step) -> Any:
    match = URL.search(step.command)
    assert match
    answer = api.get(match[1].removeprefix("http://127.0.0.1:8000"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def _timeless(answer: Any) -> Any:
    answer["receipt"].pop("known_at")
    return answer
