"""Where the text of a setting comes from: environment, secret file, credentials folder, env file.

A value may hold `${OTHER}`, which is looked up in the same places and in the same order; `${ITSELF}` means another
place than the one it stands in. Inside a URL the inserted text is percent-encoded: `postgresql://u:a/b@c#d@db/x`
would parse silently as host `u`. dotenv, Compose and bash make an unknown `${NAME}` empty and systemd leaves it as it
stands; here an unknown, empty or circular one is BadSetting, as is any `${` that is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ticker_converter.errors import BadSetting

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*(.*)", re.DOTALL)
_HOLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SECRET_NAME = re.compile(r"PASSWORD|SECRET|_KEY|_PASS|TOKEN|_URL")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def read_env(path: Path) -> dict[str, str]:
    """The file's NAME=VALUE lines, unquoted but not interpolated; the last of equal names counts."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSetting(f"ENV_FILE {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"ENV_FILE {path}: not UTF-8 text") from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadSetting(f"ENV_FILE {path} line {number}: not NAME=VALUE")
        name, value = match.groups()
        found[name] = _unquoted(name, value, f"ENV_FILE {path} line {number}")
    return found


def _unquoted(name: str, value: str, where: str) -> str:
    if value[:1] in ("'", '"'):
        mark = value[0]
        pattern = r"'([^']*)'\s*(?:#.*)?" if mark == "'" else r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?'
        match = re.fullmatch(pattern, value)
        if match is None:
            raise BadSetting(f"{where}: {name} opens with {mark} and does not close with it")
        if mark == "'":
            return match[1]
        return re.sub(r"\\(.)", lambda escape: _ESCAPED.get(escape[1], escape[1]), match[1])
    bare = re.split(r"(?:^|\s)#", value, maxsplit=1)[0].rstrip()
    if bare != value.rstrip() and _SECRET_NAME.search(name):
        # systemd keeps ` #...` as part of the value, Compose cuts it off: a password must not depend on that.
        raise BadSetting(f"{where}: {name} has a # after a space: put the value in double quotes")
    return bare


@dataclass(frozen=True, slots=True)
class Lookup:
    """The places a setting's text can come from."""

    environ: Mapping[str, str]
    file: Mapping[str, str]
    path: Path | None
    "The env file that was read."
    secrets: frozenset[str]
    "Names whose value may come from NAME_FILE and the credentials folder; so may any name used as ${NAME}."

    @classmethod
    def of(cls, environ: Mapping[str, str], default: Path, secrets: frozenset[str]) -> Lookup:
        """ENV_FILE must exist when it is named; `default` is read if it is there."""
        if named := environ.get("ENV_FILE"):
            path = Path(named).expanduser()
            return cls(environ, read_env(path), path, secrets)
        try:
            there = default.is_file()
        except PermissionError:
            there = False
        return cls(environ, read_env(default) if there else {}, default if there else None, secrets)

    def get(self, name: str) -> str | None:
        """The text of a setting, or None when no place has it."""
        found = self._first(name, (), 0)
        if found is not None and "${" in found:
            raise BadSetting(f"{name} still contains ${{ after interpolation: only ${{NAME}} is understood")
        return found

    def file_of(self, name: str) -> Path | None:
        """The file that NAME_FILE names."""
        named = self.environ.get(f"{name}_FILE") or self.file.get(f"{name}_FILE")
        return Path(named) if named else None

    def _places(self, name: str, secret: bool) -> Iterator[tuple[int, str | None, bool]]:
        """(rank, text, whether ${...} in it is looked up), in the order of PRODUCTION section 1."""
        yield 1, self.environ.get(name), True
        if secret:
            named = self.file_of(name)
            yield 2, _secret_file(f"{name}_FILE", named) if named else None, False
            folder = self.environ.get("CREDENTIALS_DIRECTORY")
            path = Path(folder, name) if folder else None
            yield 3, _secret_file(name, path) if path is not None and path.is_file() else None, False
        yield 4, self.file.get(name), True

    def _first(self, name: str, chain: tuple[str, ...], before: int) -> str | None:
        """The first place with a text; `before` is the place to start after."""
        for rank, text, holes in self._places(name, name in self.secrets or bool(chain)):
            if rank > before and text:
                return self._filled(name, text, chain, rank) if holes else text
        return None

    def _filled(self, name: str, text: str, chain: tuple[str, ...], rank: int) -> str:
        inside_url = _URL.match(text) is not None

        def fill(hole: re.Match[str]) -> str:
            other = hole[1]
            if other == name:
                # From outside: in the file, any place but the file; in the environment (systemd passes the
                # literal text of EnvironmentFile), any place but the environment.
                value = self._outside(name, chain, rank)
            elif other in chain:
                raise BadSetting(
                    f"{' -> '.join((*chain, name, other))}: the settings name each other in a circle"
                )
            else:
                value = self._first(other, (*chain, name), 0)
            if not value:
                raise BadSetting(
                    f"{(*chain, name)[0]}: ${{{other}}} is not set: looked in the environment, {other}_FILE, "
                    f"$CREDENTIALS_DIRECTORY/{other} and {self.path or 'no file'}"
                )
            return quote(value, safe="") if inside_url else value

        return _HOLE.sub(fill, text)

    def _outside(self, name: str, chain: tuple[str, ...], rank: int) -> str | None:
        for place, text, holes in self._places(name, True):
            # A text that is only the name itself leads nowhere, wherever it stands.
            if place == rank or not text or (holes and f"${{{name}}}" in text):
                continue
            return self._filled(name, text, (*chain, name), place) if holes else text
        return None


def _secret_file(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSetting(f"{name} {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{name} {path}: not UTF-8 text") from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise BadSetting(f"{name} {path}: the file is empty")
    return text
