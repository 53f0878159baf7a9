"""The rooms' import rules (pyproject.toml, tool.importlinter), and what import-linter cannot see: the standard
library's own network clients, and readers of the environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ticker_converter"
MODULES = sorted(SOURCE.rglob("*.py"))
CLIENTS = {
    "ftplib",
    "http.client",
    "imaplib",
    "poplib",
    "smtplib",
    "telnetlib",
    "urllib.request",
    "xmlrpc.client",
}


def test_each_room_imports_only_what_is_below_it() -> None:
    run = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_providers_use_a_network_client_and_only_settings_reads_the_environment(path: Path) -> None:
    tree = ast.parse(path.read_text())
    room = path.relative_to(SOURCE).parts[0]
    if room != "providers":
        assert not CLIENTS & set(_imported(tree))
    if room != "settings.py":
        read = [node.lineno for node in ast.walk(tree) if _reads_environment(node)]
        lines = path.read_text().splitlines()
        assert not [line for line in read if "# environment: " not in lines[line - 1]], (
            "settings.py is the only reader of the environment; "
            "a child's environment is spelled `os.environ  # environment: why`"
        )


def test_a_network_client_and_a_reader_of_the_environment_would_be_seen() -> None:
    assert set(_imported(ast.parse("from http import client"))) & CLIENTS
    assert set(_imported(ast.parse("import urllib.request as r"))) & CLIENTS
    assert not set(_imported(ast.parse("from urllib.parse import quote"))) & CLIENTS
    for text in ("import os\nos.environ['X']", "import os\nos.getenv('X')", "from os import environ"):
        assert any(_reads_environment(node) for node in ast.walk(ast.parse(text)))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _reads_environment(node: ast.AST) -> bool:
    names = {"environ", "environb", "getenv", "getenvb"}
    if isinstance(node, ast.Attribute):
        return node.attr in names and isinstance(node.value, ast.Name) and node.value.id == "os"
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "os"
        and bool(names & {a.name for a in node.names})
    )
