"""What the documentation says is there: commands, settings, pages and targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ticker_converter import cli
from ticker_converter.settings import SETTINGS
from tools import reference

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
COMMANDS = {words for words, _ in reference.commands(cli.parser())}


def _page(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    assert (reference.FOLDER / name).read_text() == reference.PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("path", PAGES, ids=_page)
def test_a_link_leads_to_a_file_that_is_there(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [link for link in local if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", PAGES, ids=_page)
def test_a_command_that_is_shown_exists(path: Path) -> None:
    text = path.read_text()
    code = re.findall(r"```[^\n]*\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    shown = {match for part in code for match in re.findall(r"\bticker-converter ((?:[a-z]+ ?){1,2})", part)}
    unknown = []
    for words in (tuple(each.split()) for each in shown):
        if words not in COMMANDS and words[:1] not in COMMANDS and not (len(words) == 1 and _opens(words[0])):
            unknown.append(" ".join(words))
    assert not unknown


def _opens(word: str) -> bool:
    return any(command[0] == word for command in COMMANDS)


@pytest.mark.parametrize("path", PAGES, ids=_page)
def test_a_target_of_make_that_is_shown_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.MULTILINE)) <= targets


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {
        (index.parent / link).resolve() for link in re.findall(r"\]\(([^)#\s]+\.md)", index.read_text())
    }
    assert not {path for path in PAGES if "docs" in path.parts and path != index} - linked


def test_every_setting_and_every_command_has_a_sentence() -> None:
    assert not [one.name for one in SETTINGS if not one.help]
    assert not [
        " ".join(words) for words, parser in reference.commands(cli.parser()) if not parser.description
    ]
