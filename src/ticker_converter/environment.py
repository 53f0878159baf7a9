"""Resolved values for programs that do not read our env file: Compose, systemd, and whatever `env exec` starts.

    resolved(environ=None) -> dict[str, str]            raises BadSetting
    compose(values) -> str, systemd(values) -> str      the text of an env file, one NAME=VALUE a line

Compose, bash and dotenv make an unknown `${NAME}` empty, and systemd passes the literal text on. So `${NAME}` and
NAME_FILE are resolved here, by the rules of `settings`, and what is handed on is a text that a reader takes as it is.

It refuses what `settings.load` refuses, and a value that a reader could not be given unchanged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ticker_converter import settings
from ticker_converter.errors import BadSetting

#: Names that are passed on from the process environment too: ours are declared, these belong to Airflow.
_FOREIGN = re.compile(r"AIRFLOW_[A-Z0-9_]+")


def resolved(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Every name of the env file and every setting that any place gives a value, interpolated, in order of name.

    A secret that came from NAME_FILE or $CREDENTIALS_DIRECTORY stands under NAME, and NAME_FILE is left out.
    """
    outside = os.environ if environ is None else environ  # environment: the names of others are passed on
    settings.load(outside)
    lookup = settings.lookup_in(outside)
    names = (
        {one.name for one in settings.SETTINGS}
        | set(lookup.file)
        | {n for n in outside if _FOREIGN.fullmatch(n)}
    )
    found = {name: lookup.get(name) for name in sorted(names)}
    secrets = {f"{one.name}_FILE" for one in settings.SETTINGS if one.secret}
    return {name: text for name, text in found.items() if text is not None and name not in secrets}


def systemd(values: Mapping[str, str]) -> str:
    """For `EnvironmentFile=`, and for a shell's `.`: both take a double-quoted value by the same rules
    (systemd.exec(5), POSIX 2.2.3)."""
    return "".join(f'{name}="{re.sub(_SHELL, _escape, text)}"\n' for name, text in _whole(values))


_SHELL = re.compile(r'[\\"`$]')


def _escape(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def compose(values: Mapping[str, str]) -> str:
    """For Compose's `env_file` and `.env`, read alike by 1.29 (python-dotenv) and v2 (compose-go).

    In single quotes neither interpolates `$NAME`; they differ in what a backslash or an apostrophe means there, and in
    double quotes in what `$` means. A value that holds both kinds, or a `${`, is BadSetting.
    """
    lines = []
    for name, text in _whole(values):
        if "${" in text or ("$" in text and re.search(r"['\\]", text)):
            raise BadSetting(
                f"{name}: Compose's versions read a value with these characters differently: give it as {name}_FILE "
                "to the service, or choose another without $, ' and \\"
            )
        if re.search(r"['\\]", text):
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'{name}="{escaped}"\n')
        else:
            lines.append(f"{name}='{text}'\n")
    return "".join(lines)


def _whole(values: Mapping[str, str]) -> list[tuple[str, str]]:
    for name, text in values.items():
        if "\n" in text or "\r" in text or "\0" in text:
            raise BadSetting(
                f"{name}: a value of several lines cannot stand in an env file: give it as {name}_FILE"
            )
    return list(values.items())
