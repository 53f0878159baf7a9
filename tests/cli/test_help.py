"""Help and completion: examples that the commands themselves can read, and scripts that a shell takes."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from ticker_converter import cli
from ticker_converter.cli.examples import EXAMPLES


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_is_a_command_that_can_be_read(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for example in EXAMPLES[name]:
        words = shlex.split(example)
        assert words[0] == name and callable(cli.parser(name).parse_args(words).run)
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    shown = capsys.readouterr().out
    assert all(f"\n  ticker-converter {one}\n" in shown for one in EXAMPLES[name])


def test_a_completion_script_completes_in_bash(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    asked = "COMP_WORDS=(ticker-converter doc); COMP_CWORD=1; "
    asked += "$(complete -p ticker-converter | sed 's/.*-F \\([^ ]*\\).*/\\1/'); echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "doctor", done.stderr


def test_a_completion_script_is_there_for_each_shell(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("zsh", "tcsh"):
        assert cli.main(["completion", shell]) == 0
        assert "backfill" in capsys.readouterr().out
    assert cli.main(["completion", "fish"]) == 2
