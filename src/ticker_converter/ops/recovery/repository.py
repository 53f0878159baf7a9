"""pgBackRest's side of a backup: its configuration, its program, and what it says it keeps.

    configuration(settings) -> str                      the text of pgbackrest.conf, secrets included
    opened(settings, pg_data=None) -> Repository        its configuration written for the time of a command

Secrets go into a file that the user postgres alone can read, never on a command line: `ps` shows those to everybody.
pgBackRest and PostgreSQL run as the user postgres where this runs as root, else as who runs this.

It refuses a storage without TLS, which pgBackRest cannot speak, and a value that its file cannot hold unchanged.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from psycopg.conninfo import conninfo_to_dict

from ticker_converter.errors import BadSetting, NotThere, Permanent, Unreadable, Usage
from ticker_converter.ops.recovery.stores import Kept
from ticker_converter.settings import Settings

PROGRAM = "pgbackrest"
USER = "postgres"
PREFIX = "/pgbackrest"
"Folder of the bucket; backups of one file have another (stores.PREFIX)."
QUEUE = "8GiB"
"""WAL that waits on the server's disk while the storage is away. Past it pgBackRest drops WAL so that the disk does not
fill and the server goes on: no instant until the next backup can be restored then, and `backup verify` says so."""
_NO_BACKUP, _NO_STANZA = 2, (1, 3)


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup in the repository, with what was noted on it when it was made."""

    kept: Kept
    version: str
    started_at: datetime
    annotations: Mapping[str, str]

    @property
    def migration(self) -> int | None:
        text = self.annotations.get("migration", "")
        return int(text) if text.isdigit() else None


class Repository:
    """The repository of a server, spoken to by the program pgbackrest."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        assert settings.backup_stanza is not None
        self.settings, self.folder, self.stanza = settings, folder, settings.backup_stanza
        self.file = folder / "pgbackrest.conf"
        self.where = where(settings)

    def run(self, command: str, *options: str) -> str:
        """What a command of pgBackRest prints; Permanent with its own first error line when it fails."""
        line = [_program(), f"--config={self.file}", f"--stanza={self.stanza}", *options, command]
        try:
            done = subprocess.run(
                line, capture_output=True, text=True, cwd=self.folder, stdin=subprocess.DEVNULL, env=_bare(),
                **identity(),
            )  # fmt: skip
        except OSError as error:
            raise Unreadable(f"{line[0]}: cannot be run as {USER}: {error.strerror}") from error
        if done.returncode:
            raise Permanent(f"pgbackrest {command}: {_said(done.stderr)}")
        return str(done.stdout)

    def stored(self) -> list[Stored]:
        """What is kept, the newest first."""
        answer: list[dict[str, Any]] = msgspec.json.decode(self.run("info", "--output=json"))
        told = answer[0] if answer else {}
        code = told.get("status", {}).get("code", 0)
        if code not in (0, _NO_BACKUP, *_NO_STANZA):
            raise Permanent(f"{self.where}: {told['status'].get('message')}: check BACKUP_* and the storage")
        versions = {one["id"]: one["version"] for one in told.get("db", ())}
        encrypted = told.get("cipher", "none") != "none"
        found = [self._stored(one, versions, encrypted) for one in told.get("backup", ()) if not one["error"]]
        return sorted(found, key=lambda one: one.kept.snapshot_at, reverse=True)

    def find(self, wanted: str | None, at: datetime | None = None) -> Stored:
        """The backup of that id, or the newest that was finished by `at`; NotThere."""
        stored = self.stored()
        if not stored:
            raise NotThere(f"there is no backup in {self.where}: ticker-converter backup create makes one")
        for one in stored:
            if wanted in (None, one.kept.id) and (at is None or one.kept.snapshot_at <= at):
                return one
        if wanted is not None:
            raise NotThere(
                f"there is no backup {wanted} in {self.where}: ticker-converter backup list shows them"
            )
        raise NotThere(
            f"no backup is as old as {at:%Y-%m-%dT%H:%M:%SZ}: ticker-converter backup list shows them"
        )

    def _stored(self, one: Mapping[str, Any], versions: Mapping[int, str], encrypted: bool) -> Stored:
        start, stop = (datetime.fromtimestamp(one["timestamp"][name], UTC) for name in ("start", "stop"))
        kept = Kept(
            one["label"], one["label"], stop, one["info"]["repository"]["delta"], encrypted, self.where, one["type"]
        )  # fmt: skip
        return Stored(kept, versions.get(one["database"]["id"], "15"), start, one.get("annotation") or {})


def where(settings: Settings) -> str:
    """Where the repository is, for people."""
    if settings.backup_s3_bucket is not None:
        return f"s3://{settings.backup_s3_bucket}{PREFIX}"
    return str(settings.backup_repository)


def configuration(settings: Settings, pg_data: Path | None = None) -> str:
    """pgBackRest's configuration, as `env render --for pgbackrest` writes it; `pg_data`: another data folder."""
    if settings.backup_stanza is None:
        raise BadSetting("BACKUP_STANZA is not set: name the server for pgBackRest, such as ticker")
    given = conninfo_to_dict(settings.database_url.reveal()) if settings.database_url is not None else {}
    whole = {
        "repo1-retention-full-type": "time",
        "repo1-retention-full": str(settings.backup_retention_days),
        "repo1-bundle": "y",
        **_place(settings),
    }
    if settings.backup_cipher_pass is not None:
        whole |= {
            "repo1-cipher-type": "aes-256-cbc",
            "repo1-cipher-pass": settings.backup_cipher_pass.reveal(),
        }
    whole |= {
        "compress-type": "zst",
        "process-max": "2",
        "start-fast": "y",
        "archive-push-queue-max": QUEUE,
        "log-level-file": "off",
        "log-level-console": "off",
        "log-level-stderr": "warn",
    }
    server = {
        "pg1-path": str(pg_data or settings.backup_pg_data),
        "pg1-socket-path": str(settings.backup_pg_socket),
        "pg1-port": str(given.get("port") or 5432),
        "pg1-user": USER,
    }
    lines = [
        "[global]",
        *map(_line, whole.items()),
        "",
        f"[{settings.backup_stanza}]",
        *map(_line, server.items()),
    ]
    return "\n".join(lines) + "\n"


def _place(settings: Settings) -> dict[str, str]:
    if settings.backup_s3_bucket is None:
        return {"repo1-path": str(settings.backup_repository)}
    for name in ("BACKUP_S3_KEY", "BACKUP_S3_SECRET"):
        if getattr(settings, name.lower()) is None:
            raise BadSetting(f"{name} is not set: BACKUP_S3_BUCKET needs it")
    assert settings.backup_s3_key is not None and settings.backup_s3_secret is not None
    parts = urlsplit(settings.backup_s3_endpoint)
    if parts.scheme != "https":
        raise BadSetting("BACKUP_S3_ENDPOINT is no https URL: pgBackRest speaks TLS alone")
    place = {
        "repo1-type": "s3", "repo1-path": PREFIX, "repo1-s3-bucket": settings.backup_s3_bucket,
        "repo1-s3-endpoint": parts.hostname or "", "repo1-storage-port": str(parts.port or 443),
        "repo1-s3-region": settings.backup_s3_region, "repo1-s3-uri-style": "path",
        "repo1-s3-key": settings.backup_s3_key.reveal(), "repo1-s3-key-secret": settings.backup_s3_secret.reveal(),
    }  # fmt: skip
    if settings.backup_s3_ca is not None:
        place["repo1-storage-ca-file"] = str(settings.backup_s3_ca)
    return place


def _line(pair: tuple[str, str]) -> str:
    name, value = pair
    if value != value.strip() or not value or not value.isprintable():
        raise BadSetting(
            f"pgBackRest's file cannot hold the value for {name}: no line ends, no space at its ends"
        )
    return f"{name}={value}"


@contextmanager
def opened(settings: Settings, pg_data: Path | None = None) -> Iterator[Repository]:
    """The repository, with a configuration that is removed again."""
    text = configuration(settings, pg_data)
    folder = Path(tempfile.mkdtemp(prefix="tc-pgbackrest-"))
    try:
        descriptor = os.open(folder / "pgbackrest.conf", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        given_to_postgres(folder / "pgbackrest.conf")
        given_to_postgres(folder)
        yield Repository(settings, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def identity() -> dict[str, Any]:
    """For subprocess: the user postgres where this is root, since PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    user = _postgres()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def given_to_postgres(path: Path) -> None:
    """Make the user postgres the owner, where this is root."""
    if os.geteuid() == 0:
        user = _postgres()
        try:
            os.chown(path, user.pw_uid, user.pw_gid)
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from error


def _postgres() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        raise Usage("there is no user postgres: pgBackRest is run beside the server, as its user") from None


def _program() -> str:
    found = shutil.which(PROGRAM)
    if found is None:
        raise Usage("BACKUP_STANZA needs pgbackrest (Debian and Ubuntu: apt install pgbackrest)")
    return found


def _bare() -> dict[str, str]:
    # PGBACKREST_* of the environment would change what the file says; libpq's PG* where it connects to.
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}  # environment: PATH alone


def _said(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = next((line for line in lines if "ERROR" in line), lines[-1] if lines else "it said nothing")
    return wrong.partition("ERROR: ")[2] or wrong
