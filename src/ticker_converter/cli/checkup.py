"""doctor: whether this installation is well, and what to do where it is not."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import BadSetting

COLUMNS = ("check", "state", "detail", "do")


def register(commands: Commands) -> None:
    """Add the command of this module."""
    doctor = command(
        commands, "doctor", _doctor, "Check settings, connections, clock, disk, permissions, secrets and freshness.",
        "Each check is ok, a warning, failed or skipped, with what to do. Nothing is changed, no quota is spent and no "
        "secret is shown. Exit 1 when a check failed, 2 when the settings cannot be read.",
    )  # fmt: skip
    words.add_format(doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.ops import doctor
    from ticker_converter.settings import load

    code = 0
    try:
        settings = load()
    except BadSetting as error:
        found, code = doctor.unsettled(error), error.exit_code
    else:
        with session.Progress() as progress:
            progress("looking")
            found = doctor.examine(settings, lambda: connection.reader(settings, "doctor"))
    output.objects(arguments, [asdict(one) for one in found], COLUMNS)
    wrong = sum(one.state == "failed" for one in found)
    odd = sum(one.state == "warning" for one in found)
    if wrong or odd:
        output.tell(f"{wrong} failed, {odd} warning{'' if odd == 1 else 's'}")
    return code or (1 if wrong else 0)
