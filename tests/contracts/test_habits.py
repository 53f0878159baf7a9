"""Lists kept by hand and things that must not be in the repository."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

import ticker_converter

ROOT = Path(__file__).parents[2]

#: What only makes sense on the machine or in the office where a line was written. Each is spelled with a bracket so
#: that this file does not hold it.
FORBIDDEN = {
    "a path of one machine": r"/(wor[k]|far[m])/|/roo[t]/\.|/hom[e]/[a-z]|\.librar[y]/|/tm[p]/v/",
    "a package registry's host": r"pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.(org|com)|de[b]\.debian\.org|crate[s]\.io",
    "how the work was organised": r"(?i)\bworkplac[e]\b|\bsub-?agen[t]s?\b|(?<!user[-_ .])(?<!ssh[-_ ])\bagen[t]s?\b"
    r"|\bmy brie[f]\b|\bCE[O]\b",
    "a word that says nothing": r"(?i)\bcomprehensiv[e]|\brobus[t]\b|\benhance[d]\b|\bproduction-read[y]\b|\bblazin[g]",
}
#: Recorded payloads, licences and locks are other people's words.
THEIRS = re.compile(
    r"tests/recorded/|tests/web/axe/|src/ticker_converter/(sample|market/data)/|LICENSE$|requirements/.*\.lock$"
)


CODE = re.compile(r"(src|dags|tools|benchmarks)/.*\.py$")


@cache
def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    releases = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    assert releases[0] == ticker_converter.__version__


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    found = []
    for name in tracked():
        if THEIRS.match(name):
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(FORBIDDEN[what], line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_each_forbidden_thing_would_be_found() -> None:
    examples = {
        "a path of one machine": "see /wor" + "k/main",
        "a package registry's host": "from pyp" + "i.org",
        "how the work was organised": "the agen" + "t wrote this",
        "a word that says nothing": "a robus" + "t way",
    }
    assert examples.keys() == FORBIDDEN.keys()
    assert all(re.search(FORBIDDEN[what], text) for what, text in examples.items())
    assert not re.search(FORBIDDEN["how the work was organised"], "headers: User-Agent, user_agent")


def test_locks_name_packages_and_hashes_only() -> None:
    line = re.compile(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|    #.*")
    for name in ("build", "runtime", "dev", "airflow", "release"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text()
        assert not [row for row in text.splitlines() if not line.fullmatch(row)], name


def test_runtime_lock_pins_every_runtime_dependency_and_dev_lock_the_same_versions() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / "requirements" / f"{name}.lock").read_text(), re.M)
        )

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.match(r"[\w-]+", text)[0] for text in project["dependencies"]}  # type: ignore[index]
    assert declared <= {pin.split("==")[0] for pin in pins("runtime")}
    assert pins("runtime") <= pins("dev")
    assert pins("build") <= pins("dev")


def test_no_module_is_longer_than_400_lines() -> None:
    long = {name: len((ROOT / name).read_text().splitlines()) for name in tracked() if CODE.match(name)}
    assert not {name: lines for name, lines in long.items() if lines > 400}


def test_the_two_commands_of_the_readme_are_targets_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"demo", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.M))
