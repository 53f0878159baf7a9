"""Where backups are kept: a folder, or a bucket of S3-compatible storage. A backup is there whole or not at all.

Names hold the instant of the snapshot, so that a list needs no database and reads no file.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ticker_converter.errors import BadSetting, NotThere, Permanent, Unreadable, Usage
from ticker_converter.settings import Settings

_NAME = re.compile(r"ticker-converter-(?P<id>(?P<at>\d{8}-\d{6})-\d{3})(?P<sealed>\.age)?\.tar")
PREFIX = "embedded/"
"Folder of the bucket: pgBackRest's repository of a server is another."


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that is kept."""

    id: str
    name: str
    snapshot_at: datetime
    bytes: int
    encrypted: bool
    location: str
    kind: str = "full"


class Store(Protocol):
    """A place of backups."""

    where: str

    def put(self, path: Path, name: str) -> str: ...
    def kept(self) -> list[Kept]: ...
    def delete(self, one: Kept) -> None: ...
    def file(self, one: Kept, scratch: Path) -> Path: ...


def new_name(at: datetime, encrypted: bool) -> tuple[str, str]:
    """The id and the file name of a backup of that instant."""
    utc = at.astimezone(UTC)
    made = f"{utc:%Y%m%d-%H%M%S}-{utc.microsecond // 1000:03d}"
    return made, f"ticker-converter-{made}{'.age' if encrypted else ''}.tar"


def read_name(name: str, size: int, location: str) -> Kept | None:
    """What a file name says; None for a file that is no backup."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    at = datetime.strptime(match["at"], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return Kept(match["id"], name, at, size, match["sealed"] is not None, location)


def store(settings: Settings, folder: Path | None = None) -> Store:
    """The folder given, else the bucket that is set, else the home's own folder."""
    if folder is None and settings.backup_s3_bucket is not None:
        return Bucket(settings, settings.backup_s3_bucket)
    return Folder(folder or settings.ticker_converter_home / "backups")


def find(kept: list[Kept], wanted: str | None, where: str) -> Kept:
    """The backup of that id, or the newest; NotThere."""
    if not kept:
        raise NotThere(f"there is no backup in {where}: ticker-converter backup create makes one")
    if wanted is None:
        return kept[0]
    for one in kept:
        if wanted in (one.id, one.name):
            return one
    raise NotThere(f"there is no backup {wanted} in {where}: ticker-converter backup list shows them")


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path.absolute(), str(path.absolute())

    def put(self, path: Path, name: str) -> str:
        """Move a finished file there."""
        with _written(self.where):
            path.replace(self.path / name)
        return str(self.path / name)

    def kept(self) -> list[Kept]:
        """The newest first."""
        with _written(self.where):
            files = list(self.path.glob("*.tar")) if self.path.is_dir() else []
            found = [read_name(path.name, path.stat().st_size, str(path)) for path in files]
        return sorted((one for one in found if one is not None), key=lambda one: one.id, reverse=True)

    def delete(self, one: Kept) -> None:
        """Remove it."""
        with _written(self.where):
            (self.path / one.name).unlink(missing_ok=True)

    def file(self, one: Kept, scratch: Path) -> Path:
        """The file itself."""
        return self.path / one.name


class Bucket:
    """S3-compatible storage, spoken to by boto3."""

    def __init__(self, settings: Settings, bucket: str) -> None:
        self._bucket = bucket
        self.where = f"s3://{bucket}/{PREFIX}"
        for name in ("BACKUP_S3_KEY", "BACKUP_S3_SECRET"):
            if getattr(settings, name.lower()) is None:
                raise BadSetting(f"{name} is not set: BACKUP_S3_BUCKET needs it")
        assert settings.backup_s3_key is not None and settings.backup_s3_secret is not None
        try:
            boto3 = importlib.import_module("boto3")
            config = importlib.import_module("botocore.config")
            self._errors: Any = importlib.import_module("botocore.exceptions")
            self._transfer: Any = importlib.import_module("boto3.exceptions")
        except ImportError:
            raise Usage("BACKUP_S3_BUCKET needs boto3: pip install 'ticker-converter[s3]'") from None
        self._client: Any = boto3.client(
            "s3", endpoint_url=settings.backup_s3_endpoint, region_name=settings.backup_s3_region,
            aws_access_key_id=settings.backup_s3_key.reveal(),
            aws_secret_access_key=settings.backup_s3_secret.reveal(),
            config=config.Config(
                connect_timeout=10, read_timeout=60, retries={"max_attempts": 3}, s3={"addressing_style": "path"}
            ),
        )  # fmt: skip

    def put(self, path: Path, name: str) -> str:
        """Upload a finished file, and remove it here."""
        with self._told():
            self._client.upload_file(str(path), self._bucket, PREFIX + name)
        path.unlink()
        return self.where + name

    def kept(self) -> list[Kept]:
        """The newest first."""
        found = []
        with self._told():
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=PREFIX
            ):
                for one in page.get("Contents", ()):
                    name = one["Key"].removeprefix(PREFIX)
                    found.append(read_name(name, one["Size"], self.where + name))
        return sorted((one for one in found if one is not None), key=lambda one: one.id, reverse=True)

    def delete(self, one: Kept) -> None:
        """Remove it."""
        with self._told():
            self._client.delete_object(Bucket=self._bucket, Key=PREFIX + one.name)

    def file(self, one: Kept, scratch: Path) -> Path:
        """A copy in the scratch folder."""
        path = scratch / one.name
        with self._told():
            self._client.download_file(self._bucket, PREFIX + one.name, str(path))
        return path

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (
            self._errors.ClientError, self._errors.BotoCoreError, self._transfer.Boto3Error
        ) as error:  # fmt: skip
            said = next(iter(str(error).splitlines()), type(error).__name__)
            raise Permanent(f"{self.where}: {said}: check BACKUP_S3_* and the storage") from error


@contextmanager
def _written(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreadable(f"{where}: {error.strerror or error}: choose another folder") from error
