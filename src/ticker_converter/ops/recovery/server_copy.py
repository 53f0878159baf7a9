"""A server of its own, restored by pgBackRest to an instant: started, recovered, asked, and taken away again.

It listens on a socket in a folder that others cannot enter, keeps nothing of what is done to it and archives nothing:
a restore for a look never touches the repository it came from. `successor` is the other case: a data folder that takes
the lost server's place, which archives its new timeline from its first second on.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql as pieces

from ticker_converter import sql
from ticker_converter.errors import NotThere, Permanent, Unreadable, Usage
from ticker_converter.ops.recovery import repository
from ticker_converter.ops.recovery.repository import Repository, Stored
from ticker_converter.settings import Settings

_PORT = 5432
"Of the socket's name: the server listens on no network."
_RECOVERY = (
    "restore_command",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_name",
    "recovery_target_time",
)
"What pgBackRest leaves in postgresql.auto.conf; a replica made later would recover to it again."


@dataclass(frozen=True, slots=True)
class Target:
    """To what instant: that backup's own, a time, a named point, or (nothing given) the end of the archived WAL."""

    backup: str | None = None
    at: datetime | None = None
    point: str | None = None

    def options(self, one: Stored) -> list[str]:
        """For pgBackRest's restore."""
        found = [f"--set={one.kept.id}", "--target-action=promote"]
        if self.point is not None:
            return [*found, "--type=name", f"--target={self.point}"]
        if self.at is not None:
            return [*found, "--type=time", f"--target={self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f+00}"]
        if self.backup is not None:
            return [*found, "--type=immediate"]
        return [f"--set={one.kept.id}"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A restored server that answers. `as_of`: the last transaction it has, else the end of its backup."""

    source: Stored
    as_of: datetime
    folder: Path

    def url(self, database: str) -> str:
        """Of one of its databases, as its superuser."""
        return f"postgresql://{repository.USER}@/{quote(database, safe='')}?host={self.folder}&port={_PORT}"


@contextmanager
def copy(settings: Settings, target: Target, progress: Callable[[str], None]) -> Iterator[Copy]:
    """A restored server that is removed afterwards."""
    room = _room(settings)
    try:
        with repository.opened(settings, room / "data") as repo:
            one = repo.find(target.backup, target.at)
            progress(f"restoring {one.kept.id}")
            repo.run("restore", *target.options(one), "--archive-mode=off")
            progress("applying WAL")
            with _server(repo, one, room / "data", archive=False) as found:
                yield found
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def successor(
    settings: Settings, target: Target, data: Path, progress: Callable[[str], None]
) -> Iterator[Copy]:
    """A restored server in the empty folder `data`, running until the block ends, then stopped and kept."""
    if data.exists() and any(data.iterdir()):
        raise Usage(f"{data} is not empty: move what is in it away first, nothing is overwritten")
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
    except OSError as error:
        raise Unreadable(f"{data}: {error.strerror}: choose another folder") from error
    repository.given_to_postgres(data)
    with repository.opened(settings, data) as repo:
        one = repo.find(target.backup, target.at)
        progress(f"restoring {one.kept.id}")
        repo.run("restore", *target.options(one))
        progress("applying WAL")
        with _server(repo, one, data, archive=True) as found:
            yield found
            with psycopg.connect(found.url("postgres"), autocommit=True) as conn:
                for name in _RECOVERY:
                    conn.execute(_reset(name))


def _reset(name: str) -> pieces.Composed:
    return pieces.SQL(sql.load("ops/server_reset")).format(name=pieces.Identifier(name))


def _room(settings: Settings) -> Path:
    beside = settings.backup_scratch or settings.ticker_converter_home
    try:
        beside.mkdir(parents=True, exist_ok=True, mode=0o711)
        room = Path(tempfile.mkdtemp(prefix=".restored-", dir=beside))
    except OSError as error:
        raise Unreadable(f"{beside}: {error.strerror}: set BACKUP_SCRATCH to another folder") from error
    repository.given_to_postgres(room)
    data = room / "data"
    data.mkdir(mode=0o700)
    repository.given_to_postgres(data)
    return room


def programs(version: str) -> Path:
    """The folder of PostgreSQL's programs of that major version; NotThere."""
    named = [Path(f"/usr/lib/postgresql/{version}/bin"), Path(f"/usr/pgsql-{version}/bin")]
    found = shutil.which("postgres")
    for folder in [*named, *([Path(found).resolve().parent] if found else [])]:
        if (folder / "postgres").exists():
            said = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True).stdout
            if re.search(rf"\b{version}\b", said):
                return folder
    raise NotThere(f"PostgreSQL {version} is not installed here: a backup of it needs its programs")


@contextmanager
def _server(repo: Repository, one: Stored, data: Path, *, archive: bool) -> Iterator[Copy]:
    """PostgreSQL on `data`, until the block ends; its socket is in the repository's private folder."""
    folder = repo.folder
    for name, text in (
        ("postgresql.conf", ""),
        ("hba.conf", "local all all trust\n"),  # nobody else can enter the socket's folder
        ("ident.conf", ""),
        ("log", ""),
    ):
        (folder / name).write_text(text)
        repository.given_to_postgres(folder / name)
    settings = {
        "config_file": folder / "postgresql.conf", "hba_file": folder / "hba.conf", "ident_file": folder / "ident.conf",
        "listen_addresses": "", "unix_socket_directories": folder, "port": _PORT, "hot_standby": "off",
        "timezone": "UTC",
        "shared_preload_libraries": "", "logging_collector": "off", "log_destination": "stderr",
        "archive_mode": "on" if archive else "off", "synchronous_standby_names": "", "max_wal_size": "2GB",
    }  # fmt: skip
    if archive:
        settings["archive_command"] = (
            f"pgbackrest --config={repo.file} --stanza={repo.stanza} archive-push %p"
        )
    line = [
        str(programs(one.version) / "postgres"),
        "-D",
        str(data),
        *(f"-c{k}={v}" for k, v in settings.items()),
    ]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            line, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder, start_new_session=True,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},  # environment: PATH alone
            **repository.identity(),
        )  # fmt: skip
    try:
        found = Copy(one, one.kept.snapshot_at, folder)
        replayed = _recovered(process, found, folder / "log")
        yield Copy(one, replayed or one.kept.snapshot_at, folder)
    finally:
        _stop(process, gently=archive)


def _recovered(process: subprocess.Popen[bytes], found: Copy, log: Path) -> datetime | None:
    """Wait until it has recovered; the time of the last transaction it replayed."""
    while True:
        if process.poll() is not None:
            raise Permanent(f"the restored server did not recover: {_why(log.read_text(errors='replace'))}")
        try:
            with psycopg.connect(found.url("postgres"), autocommit=True, connect_timeout=5) as conn:
                row = conn.execute(sql.load("ops/server_recovered")).fetchone()
                if row is not None and row[0]:
                    return row[1] if isinstance(row[1], datetime) else None
        except psycopg.OperationalError:
            pass
        time.sleep(0.1)


def _why(text: str) -> str:
    if "recovery ended before configured recovery target was reached" in text:
        return "nothing that is archived was committed after that time: without --at the newest is restored"
    lines = text.splitlines()
    wrong: Sequence[str] = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines[-1:]
    return re.sub(r"^.*?(FATAL|PANIC):\s*", "", wrong[0]) if wrong else "it said nothing"


def _stop(process: subprocess.Popen[bytes], *, gently: bool) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT if gently else signal.SIGQUIT)
    try:
        process.wait(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
