"""Every statement has a name, a sentence and one home: what sql/__init__.py promises, checked."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ticker_converter"
SQL = SOURCE / "sql"
STATEMENTS = sorted(
    path for path in SQL.rglob("*.sql") if path.name != "schema.sql" and path.parent.name != "migrations"
)
MODULES = sorted(path for path in SOURCE.rglob("*.py") if SQL not in path.parents)
HEADER = re.compile(
    r"\A(?P<says>(?:-- [^\n]+\n)+?)-- params: (?P<params>[^\n]+)\n-- returns: (?P<returns>[^\n]+)\n"
)
#: How a statement opens. Upper case: "Select a symbol" in a help text is none.
STATEMENT = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|COPY|CREATE|ALTER|DROP|TRUNCATE|WITH)\s"
)
ESCAPE = "# sql: "


def _name(path: Path) -> str:
    return path.relative_to(SQL).with_suffix("").as_posix()


def _list(text: str) -> set[str]:
    return set() if text.strip() == "none" else {part.split()[0] for part in text.split(",")}


def placeholders(text: str) -> set[str]:
    """The names of the %(name)s placeholders outside comments."""
    bare = re.sub(r"--[^\n]*", "", text)
    return set(re.findall(r"%\((\w+)\)", bare))


def loads(tree: ast.AST) -> tuple[set[str], set[str]]:
    """What a module loads: whole names, and the openings of names made with an f-string."""
    whole, openings = set(), set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "load":
            continue
        match node.args[0]:
            case ast.Constant(value=str(name)):
                whole.add(name)
            case ast.JoinedStr(values=[ast.Constant(value=str(opening)), *_]) if "/" in opening:
                openings.add(opening)
    return whole, openings


def inline_statements(text: str) -> list[int]:
    """The lines of a module's string constants that open as a statement and have no `# sql: why` beside them."""
    tree, lines = ast.parse(text), text.splitlines()
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return sorted(
        {
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
            and STATEMENT.match(node.value)
            and not any(ESCAPE in line for line in lines[max(node.lineno - 2, 0) : node.lineno])
        }
    )


@pytest.mark.parametrize("path", STATEMENTS, ids=_name)
def test_a_statement_has_a_sentence_and_declares_its_parameters(path: Path) -> None:
    text = path.read_text()
    header = HEADER.match(text)
    assert header and header["says"].rstrip().endswith("."), (
        "it opens: -- <sentence>. -- params: ... -- returns: ..."
    )
    assert _list(header["params"]) == placeholders(text)


@cache
def _loaded() -> dict[Path, tuple[set[str], set[str]]]:
    return {module: loads(ast.parse(module.read_text())) for module in MODULES}


@pytest.mark.parametrize("path", STATEMENTS, ids=_name)
def test_a_statement_is_loaded_by_exactly_one_module(path: Path) -> None:
    found = _loaded()
    name = _name(path)
    users = [module.name for module, (whole, _) in found.items() if name in whole] or [
        module.name
        for module, (_, openings) in found.items()
        if any(name.startswith(start) for start in openings)
    ]
    assert len(users) == 1, f"loaded by {users or 'nobody'}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_loads_only_statements_that_exist_and_spells_none_itself(path: Path) -> None:
    text = path.read_text()
    whole, _ = loads(ast.parse(text))
    assert whole <= {_name(statement) for statement in STATEMENTS}
    assert not inline_statements(text), f"SQL belongs in sql/; the escape is `{ESCAPE}why` beside it"


def test_each_migration_has_a_number_of_its_own() -> None:
    numbers = [int(path.name.split("_")[0]) for path in sorted((SQL / "migrations").glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_checks_see_what_they_look_for() -> None:
    assert placeholders("-- %(no)s\nSELECT %(a)s, %(b)s::date, 'x%%' -- %(c)s") == {"a", "b"}
    assert inline_statements('"""SELECT in a docstring"""\nrun("SELECT 1")\nrun(f"DELETE FROM {t}")') == [
        2,
        3,
    ]
    assert inline_statements('run("SELECT 1")  # sql: a probe') == []
    assert loads(ast.parse('sql.load("a/b"); load(f"rules/{x}"); point.load()')) == ({"a/b"}, {"rules/"})
