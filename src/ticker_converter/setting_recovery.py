"""The settings of backups. They are a part of `Settings`, kept apart because settings.py would grow past its size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ticker_converter import setting_kinds as kinds
from ticker_converter.secret import Secret

_FIELD = re.compile(r"(\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9]{1,2})?")


def cron(value: str) -> str:
    """Five fields of cron: minute, hour, day of the month, month, day of the week; numbers, *, lists, ranges, steps."""
    fields = value.split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(part) for one in fields for part in one.split(",")):
        raise kinds.Wrong("is no cron schedule of five fields, such as 0 2 * * *")
    return " ".join(fields)


def bucket(value: str) -> str:
    """A bucket's name."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise kinds.Wrong("is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens")
    return value


def stanza(value: str) -> str:
    """pgBackRest's name for a server."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", value):
        raise kinds.Wrong("is no stanza: lower-case letters, digits, hyphens and underscores")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Where backups go and when, and for how long things are kept."""

    backup_schedule: str = kinds.setting(
        "when a backup is made, as a cron line in UTC: a full one on Sundays, else what changed", "0 2 * * *", cron,
        kind="cron",
    )  # fmt: skip
    backup_retention_days: int = kinds.setting(
        "days for which backups are kept; the newest one is never deleted",
        30,
        kinds.whole(1, 36500),
        kind="days",
    )
    log_retention_days: int = kinds.setting(
        "days for which requests that are over are kept; the audit trail is kept for ever",
        90,
        kinds.whole(1, 36500),
        kind="days",
    )
    backup_s3_bucket: str | None = kinds.setting(
        "bucket of S3-compatible storage for backups; without it they go to TICKER_CONVERTER_HOME/backups",
        None, bucket,
    )  # fmt: skip
    backup_s3_endpoint: str = kinds.setting(
        "where that storage answers", "https://s3.amazonaws.com", kinds.web_address, kind="URL"
    )
    backup_s3_region: str = kinds.setting("its region", "us-east-1")
    backup_s3_key: Secret | None = kinds.setting("the access key of that storage", secret=True)
    backup_s3_secret: Secret | None = kinds.setting("the secret that belongs to that key", secret=True)
    backup_cipher_pass: Secret | None = kinds.setting(
        "passphrase that backups are encrypted with; without it nobody can read them, so keep it elsewhere too",
        secret=True,
    )
    backup_stanza: str | None = kinds.setting(
        "pgBackRest's name for the server of DATABASE_URL, such as ticker: with it backups are pgBackRest's, run "
        "beside that server; without it a backup is one file", None, stanza,
    )  # fmt: skip
    backup_repository: Path = kinds.setting(
        "folder of pgBackRest's repository where there is no bucket",
        Path("/var/lib/pgbackrest"), kinds.folder, kind="folder",
    )  # fmt: skip
    backup_pg_data: Path = kinds.setting(
        "data folder of that server", Path("/var/lib/postgresql/data"), kinds.folder, kind="folder"
    )
    backup_pg_socket: Path = kinds.setting(
        "folder of that server's socket, where the user postgres may log in",
        Path("/var/run/postgresql"), kinds.folder, kind="folder",
    )  # fmt: skip
    backup_s3_ca: Path | None = kinds.setting(
        "certificates that pgBackRest believes the storage by; without it the machine's own", None, kinds.folder,
        kind="file",
    )  # fmt: skip
    backup_scratch: Path | None = kinds.setting(
        "folder with room for a restored copy of that server, which the user postgres can reach", None, kinds.folder,
        kind="folder", shown="TICKER_CONVERTER_HOME",
    )  # fmt: skip
