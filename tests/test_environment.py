"""What other programs are handed is what our own reader sees, character by character."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker_converter import environment, settings
from ticker_converter.errors import BadSetting

NASTY = 'p@ss/w#rd% $x:?&="ü `id` $(id)'
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose env file names a secret that comes from outside."""
    (tmp_path / ".env").write_text(
        "DATABASE_URL=postgresql://ticker_user:${DB_PASSWORD}@db:5432/prices\n"
        "JWT_SECRET_KEY=${JWT_SECRET_KEY}\n"
        "AIRFLOW__CORE__FERNET_KEY=${AIRFLOW_FERNET_KEY}\n"
        "BACKUP_SCHEDULE=\"0 2 * * *\"\n"
    )  # fmt: skip
    (tmp_path / "jwt").write_text(NASTY * 2 + "\n")
    return tmp_path


def outside(home: Path) -> dict[str, str]:
    return {
        "TICKER_CONVERTER_HOME": str(home), "DB_PASSWORD": NASTY, "JWT_SECRET_KEY_FILE": str(home / "jwt"),
        "AIRFLOW_FERNET_KEY": "fernet", "PATH": os.environ["PATH"],
    }  # fmt: skip


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ticker_converter", "env", *words],
        env=environ, text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_program_sees_what_our_own_reader_sees(home: Path) -> None:
    given = outside(home)
    ran = run(given, "exec", "--", sys.executable, "-c", SHOW)
    seen = json.loads(ran.stdout)
    found = settings.load(given)
    assert found.database_url is not None and seen["DATABASE_URL"] == found.database_url.reveal()
    assert seen["JWT_SECRET_KEY"] == NASTY * 2
    assert (seen["AIRFLOW__CORE__FERNET_KEY"], seen["BACKUP_SCHEDULE"]) == ("fernet", "0 2 * * *")
    assert settings.load({**seen, "TICKER_CONVERTER_HOME": "/nowhere"}).database_url == found.database_url


def test_the_exit_code_is_the_programs_own(home: Path) -> None:
    assert run(outside(home), "exec", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    missing = run(outside(home), "exec", "--", "no-such-program")
    assert missing.returncode == 127 and "no-such-program" in missing.stderr
    assert run(outside(home), "exec").returncode == 2


def test_a_shell_reads_the_rendered_file_unchanged(home: Path) -> None:
    given, file = outside(home), home / "out.env"
    assert run(given, "render", "--for", "systemd", "--output", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    shell = ["/bin/sh", "-c", '. "$1"; export JWT_SECRET_KEY DATABASE_URL BACKUP_SCHEDULE; exec "$2" -c "$3"', "sh",
             str(file), sys.executable, SHOW]  # fmt: skip
    seen = json.loads(
        subprocess.run(shell, env={}, text=True, capture_output=True, check=True, timeout=60).stdout
    )
    assert {name: seen[name] for name in ("JWT_SECRET_KEY", "DATABASE_URL", "BACKUP_SCHEDULE")} == {
        name: environment.resolved(given)[name]
        for name in ("JWT_SECRET_KEY", "DATABASE_URL", "BACKUP_SCHEDULE")
    }


def test_a_second_render_over_an_open_file_leaves_it_closed_to_others(home: Path) -> None:
    file = home / "out.env"
    file.write_text("old")
    file.chmod(0o644)
    assert run(outside(home), "render", "--for", "compose", "--output", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600 and not list(home.glob("*.part"))


def test_what_leads_nowhere_is_refused_and_no_program_is_started(home: Path) -> None:
    given = outside(home)
    del given["DB_PASSWORD"]
    ran = run(given, "exec", "--", sys.executable, "-c", "print('started')")
    assert (ran.returncode, ran.stdout) == (2, "") and "DB_PASSWORD" in ran.stderr


@given(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]), max_size=12
    )
)
def test_compose_is_never_given_a_text_that_its_versions_read_differently(text: str) -> None:
    try:
        line = environment.compose({"X": text})
    except BadSetting:
        assert "$" in text
        return
    mark, body = line[2], line[3:-2]
    assert line == f"X={mark}{body}{mark}\n"
    if mark == "'":  # literal in both versions as long as nothing inside could end it or escape
        assert body == text and not set(body) & {"'", "\\"} and "${" not in body
    else:  # `$` would be interpolated by one of them
        assert "$" not in body and body.replace('\\"', '"').replace("\\\\", "\\") == text


@pytest.mark.parametrize("reader", ["compose", "systemd"])
def test_a_text_of_several_lines_is_refused_by_name(reader: str) -> None:
    with pytest.raises(BadSetting, match="X.*X_FILE"):
        getattr(environment, reader)({"X": "a\nb"})
