"""The wheel, installed where nothing else is but its locked runtime dependencies, as pip, pipx and uvx install it.

Nothing is downloaded: the fresh environment gets the files of the locked distributions from this one, so that a
dependency which is only there because a development tool brought it is missing there, as it would be for a user.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import ticker_converter
from tests.support import command

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new environment's programs, with the wheel and its locked runtime dependencies."""
    folder = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(
        subprocess.run([python, "-c", purelib], check=True, capture_output=True, text=True).stdout.strip()
    )
    for name in _locked():
        _copy(name, site, python)
    _pip(python, "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    return folder / "bin"


def _locked() -> list[str]:
    """The distributions of the runtime lock that this platform needs."""
    rows = re.findall(
        r"^([a-z0-9-]+==[^\\\n]+)", (ROOT / "requirements" / "runtime.lock").read_text(), re.MULTILINE
    )
    needed = [Requirement(row.strip()) for row in rows]
    return [each.name for each in needed if each.marker is None or each.marker.evaluate()]


def _copy(name: str, site: Path, python: Path) -> None:
    found = distribution(name)
    for file in found.files or []:
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(Path(str(file.locate())), target)
        except OSError:
            shutil.copy2(Path(str(file.locate())), target)
    for point in found.entry_points.select(group="console_scripts"):
        script = python.with_name(point.name)
        module, _, function = point.value.partition(":")
        script.write_text(
            f"#!{python}\nimport sys\nfrom {module} import {function} as run\nsys.exit(run())\n"
        )
        script.chmod(0o755)


def _pip(python: Path, *words: str) -> str:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), *words]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _run(environment: Path, home: Path, *words: object, database: str = "") -> command.Finished:
    line = [environment / "ticker-converter", *words]
    env = {"DATABASE_URL": database, "PATH": f"{environment}:/usr/bin:/bin"}
    return command.run(line, home, env, stdin="", timeout=120, cwd=home)


def test_the_wheel_holds_every_file_of_the_package_and_the_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    files = {
        p.relative_to(source).as_posix()
        for p in source.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert files <= names
    assert {Path(name).name for name in names} >= {"LICENSE", "NOTICE"}
    assert not [
        name
        for name in names
        if name.split("/")[0] not in ("ticker_converter", wheel.name.split("-py3")[0] + ".dist-info")
    ]


def test_the_locked_runtime_dependencies_are_all_it_requires(environment: Path) -> None:
    assert "No broken requirements" in _pip(environment / "python", "check")
    assert not {"pytest", "ruff", "hatchling"} & {
        row.split("==")[0] for row in _pip(environment / "python", "freeze").splitlines()
    }


def test_the_installed_command_says_its_help_and_version(environment: Path, home: Path) -> None:
    said = _run(environment, home, "--help")
    assert (said.code, said.stderr) == (0, "")
    assert all(
        re.search(rf"\b{word}\b", said.stdout) for word in ("demo", "import", "prices", "convert", "serve")
    )
    assert ticker_converter.__version__ in _run(environment, home, "--version").stdout


def test_the_installed_command_upgrades_an_empty_database_and_converts(
    environment: Path, home: Path, empty_database: str
) -> None:
    planned = _run(environment, home, "db", "upgrade", "--dry-run", database=empty_database)
    assert planned.code == 0, planned.stderr
    done = _run(environment, home, "db", "upgrade", database=empty_database)
    assert done.code == 0, done.stderr
    converted = _run(
        environment, home, "convert", 100, "GBX", "GBP", "--format", "json", database=empty_database
    )
    assert converted.code == 0, converted.stderr
    assert converted.json["result"] == 1
    assert _run(environment, home, "convert", 100, "USD", "GBP", database=empty_database).code == 4


def test_the_installed_package_is_importable_with_its_python_interface(environment: Path, home: Path) -> None:
    line = [
        environment / "python",
        "-c",
        "import ticker_converter as tc; print(tc.connect.__name__, tc.__version__)",
    ]
    said = command.run(line, home, {}, stdin="", timeout=60, cwd=home)
    assert said.stdout.split() == ["connect", ticker_converter.__version__], said.stderr
