"""A real PostgreSQL 15 that pgBackRest archives into a bucket of moto's, behind nginx for TLS, all on loopback.

moto's own TLS is not used: pgBackRest 2.45 breaks off its connections. The server runs as the user postgres.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import psycopg
import pytest

BIN = Path("/usr/lib/postgresql/15/bin")
ASKED = "TICKER_CONVERTER_TEST_PGBACKREST"
BUCKET = "prices-backups"


def needed() -> None:
    """Skip with what is missing; with the variable set it is a failure."""
    missing = [name for name in ("pgbackrest", "nginx", "openssl") if shutil.which(name) is None]
    if not (BIN / "initdb").exists():
        missing.append("PostgreSQL 15")
    if os.geteuid() != 0:
        missing.append("root, to become the user postgres")
    if os.environ.get(ASKED) != "1":
        pytest.skip(f"{ASKED}=1 asks for it: `make test-recovery`")
    if missing:
        pytest.fail(
            f"missing: {', '.join(missing)} (apt-get install postgresql-15 pgbackrest nginx-light openssl)"
        )


class Site:
    """The server with one database `prices`, and its storage."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tc-rec-", dir="/tmp"))
        self.folder.chmod(0o755)
        user = pwd.getpwnam("postgres")
        self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.own = self.folder / "pg"
        self.own.mkdir()
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()
        for path in (self.own, self.scratch):
            os.chown(path, user.pw_uid, user.pw_gid)
        self.port, self._s3, self._tls = (_free() for _ in range(3))
        self._started: list[subprocess.Popen[bytes]] = []
        self.stanza = f"t{os.getpid()}"  # pgBackRest's locks are the machine's, by stanza
        self.data = self.own / "data"

    @property
    def env(self) -> dict[str, str]:
        """The settings of a command run beside the server."""
        return {
            "DATABASE_URL": self.url("prices"), "BACKUP_STANZA": self.stanza, "BACKUP_PG_DATA": str(self.data),
            "BACKUP_PG_SOCKET": str(self.own), "BACKUP_SCRATCH": str(self.scratch),
            "BACKUP_S3_BUCKET": BUCKET, "BACKUP_S3_ENDPOINT": f"https://localhost:{self._tls}",
            "BACKUP_S3_KEY": "AKIAXYZ12", "BACKUP_S3_SECRET": "hushhush12345", "BACKUP_S3_REGION": "us-east-1",
            "BACKUP_S3_CA": str(self.folder / "tls.crt"), "BACKUP_CIPHER_PASS": "correct horse #battery;=",
        }  # fmt: skip

    def url(self, database: str, folder: Path | None = None) -> str:
        """As the superuser, over the socket."""
        return f"postgresql://postgres@/{database}?host={folder or self.own}&port={self.port}"

    def start_storage(self) -> None:
        """moto, and nginx before it with a certificate for localhost."""
        tls = self.folder / "tls"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{tls}.key", "-out", f"{tls}.crt"],
            check=True, capture_output=True,
        )  # fmt: skip
        (self.folder / "tls.crt").chmod(0o644)
        (self.folder / "nginx.conf").write_text(
            f"daemon off; pid {self.folder}/nginx.pid; error_log stderr warn; worker_processes 1;"
            f"events {{}} http {{ access_log off; client_max_body_size 0; client_body_temp_path {self.folder}/body;"
            f"proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u;"
            f"scgi_temp_path {self.folder}/s; server {{ listen 127.0.0.1:{self._tls} ssl;"
            f"ssl_certificate {tls}.crt; ssl_certificate_key {tls}.key; location / {{"
            f"proxy_pass http://127.0.0.1:{self._s3}; proxy_set_header Host $http_host; proxy_http_version 1.1;"
            "proxy_request_buffering off; } } }"
        )
        log = (self.folder / "storage.log").open("ab")
        moto = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(self._s3)]
        self._started.append(subprocess.Popen(moto, stdout=log, stderr=log))
        nginx = ["nginx", "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]
        self._started.append(subprocess.Popen(nginx, stdout=log, stderr=log))
        log.close()
        for port in (self._s3, self._tls):
            _answers(port)
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{self._s3}", region_name="us-east-1", aws_access_key_id="a",
            aws_secret_access_key="b",
        )  # fmt: skip
        client.create_bucket(Bucket=BUCKET)
        client.close()

    def start_server(self, configuration: str) -> None:
        """A new server that archives with that configuration, and the database `prices`."""
        self.configured(configuration)
        self.run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "--auth=trust",
            "-k",
            "--encoding=UTF8",
            "--locale=C",
        )
        self.pg_ctl("start")
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute("CREATE DATABASE prices")

    def configured(self, configuration: str) -> None:
        """What the server's archive_command reads from now on."""
        file, user = self.own / "pgbackrest.conf", pwd.getpwnam("postgres")
        file.touch(mode=0o600)
        file.write_text(configuration)
        os.chown(file, user.pw_uid, user.pw_gid)

    def pg_ctl(self, word: str, data: Path | None = None, *more: str) -> None:
        """Start or stop the server, or one on another folder in its place."""
        given = (
            f"-k {self.own} -p {self.port} -c listen_addresses= -c archive_mode=on -c archive_timeout=60 "
            f"-c max_wal_size=256MB -c 'archive_command=pgbackrest --config={self.own}/pgbackrest.conf "
            f"--stanza={self.stanza} archive-push %p'"
        )
        line = ["pg_ctl", "-D", str(data or self.data), "-w", "-t", "120", "-l", str(self.own / "log"), *more]
        self.run(*line, *(["-o", given] if word == "start" else []), word)

    def run(self, program: str, *words: str) -> None:
        """A program of PostgreSQL as the user postgres."""
        with (self.own / "started").open("ab") as log:
            done = subprocess.run(
                [str(BIN / program), *words], stdout=log, stderr=log, cwd=self.own, env={"PATH": "/usr/bin:/bin"},
                **self._as,  # type: ignore[call-overload]
            )  # fmt: skip
        if done.returncode:
            logs = "".join(p.read_text() for p in (self.own / "started", self.own / "log") if p.exists())
            raise RuntimeError(f"{program} ended with {done.returncode}:\n{logs[-3000:]}")

    def close(self, running: Path | None = None) -> None:
        """End everything, and remove it."""
        for data in (self.data, running):
            if data is not None and (data / "postmaster.pid").exists():
                self.pg_ctl("stop", data, "-m", "immediate")
        for process in reversed(self._started):
            process.terminate()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def rows(url: str, statement: str, given: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
    """What a statement of a test's own gives."""
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statement.encode(), given)
        return cursor.fetchall() if cursor.description else []


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _answers(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until, f"nothing answers at port {port}"
            time.sleep(0.1)
