"""A backup's file: a tar of a manifest and one compressed COPY text per table.

A dump of pg_dump is not used: made by PostgreSQL 18 it does not load on 15. COPY's text format is the same on all of
them, and the schema comes from this package's own migrations, so that a backup goes up and down between versions.

With a passphrase each member is encrypted in the age format to a key of this backup alone, and that key with the
passphrase in `key.age`: `age -d key.age > key; age -d -i key manifest.json.age` reads it without this package. It
refuses to read on where a member is not what the manifest says.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from ticker_converter.errors import BadSetting, Unreadable

FORMAT = 1
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One table: its columns in their order, rows, the checksum of its rows whatever their order, and its member."""

    table: str
    columns: tuple[str, ...]
    rows: int
    checksum: str
    member: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of the warehouse when the backup was made, and its answer."""

    name: str
    asked: Mapping[str, Any]
    answer: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `snapshot_at`: the instant of which it is; `published_at`: of the newest data in it."""

    format: int
    release: str
    server: str
    migration: int
    snapshot_at: datetime
    published_at: datetime | None
    version: int
    parts: tuple[Part, ...]
    sequences: Mapping[str, int]
    questions: tuple[Question, ...]
    audit_head: str | None = None
    "The newest event of the audit trail: `audit verify --head` finds a trail that no longer leads to it."

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


class Writer:
    """Members are made as files in a folder beside the backup and put into the tar at the end, the manifest first."""

    def __init__(self, folder: Path, passphrase: str | None) -> None:
        self._folder, self._key, self._sealed = folder, None, b""
        if passphrase is not None:
            import pyrage

            identity = pyrage.x25519.Identity.generate()
            self._key = identity.to_public()
            self._sealed = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """Where a member's text goes; it is compressed, and then encrypted."""
        with gzip.open(self._folder / name, "wb", compresslevel=3) as file:
            yield cast("IO[bytes]", file)
        if self._key is not None:
            self._encrypt(name)

    def member(self, name: str) -> tuple[str, int, str]:
        """A finished member's name in the tar, bytes and SHA-256."""
        path = self._folder / self._named(name)
        return path.name, path.stat().st_size, digest(path)

    def finish(self, manifest: Manifest, to: Path) -> None:
        """Write the whole file; it is on the disk when this returns."""
        (self._folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
        if self._key is not None:
            self._encrypt("manifest.json")
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                if self._key is not None:
                    _add(tar, "key.age", self._sealed)
                for name in ("manifest.json", *(part.member.removesuffix(".age") for part in manifest.parts)):
                    path = self._folder / self._named(name)
                    info = tarfile.TarInfo(path.name)
                    info.size, info.mode = path.stat().st_size, 0o600
                    with path.open("rb") as source:
                        tar.addfile(info, source)
                    path.unlink()
            file.flush()
            os.fsync(file.fileno())

    def _named(self, name: str) -> str:
        return name if self._key is None else f"{name}.age"

    def _encrypt(self, name: str) -> None:
        import pyrage

        plain = self._folder / name
        with plain.open("rb") as source, (self._folder / f"{name}.age").open("wb") as sealed:
            pyrage.encrypt_io(source, sealed, [self._key])
        plain.unlink()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


class Reader:
    """A backup's file, opened: its manifest, and each table's text in the manifest's order. Unreadable where the file
    is damaged, cut or none; BadSetting where the passphrase is missing or wrong."""

    def __init__(self, path: Path, passphrase: str | None) -> None:
        self._path, self._identity = path, None
        with self._opened() as tar:
            first = tar.next()
            name = first.name if first is not None else ""
            if name == "key.age":
                self._identity = self._unseal(self._bytes(tar, first), passphrase)
                first = tar.next()
                name = first.name.removesuffix(".age") if first is not None else ""
            if first is None or name != "manifest.json":
                raise self._wrong("holds no manifest")
            content = self._bytes(tar, first)
        if self._identity is not None:
            content = self._decrypted(content)
        try:
            self.manifest = msgspec.json.decode(content, type=Manifest)
        except msgspec.DecodeError as error:
            raise self._wrong(
                "has a manifest that cannot be read: was it made by a newer release?"
            ) from error
        if self.manifest.format != FORMAT:
            raise self._wrong(f"has format {self.manifest.format}: install the release that made it")

    @property
    def encrypted(self) -> bool:
        return self._identity is not None

    def parts(self) -> Iterator[tuple[Part, Callable[[], Iterator[bytes]]]]:
        """Each table with what gives its text in pieces."""
        for part in self.manifest.parts:
            yield part, partial(self._text, part.member)

    def check(self) -> list[str]:
        """What is wrong with the members, read byte by byte: nothing for a file that is as it was written."""
        wrong = []
        with self._opened() as tar:
            stored = {info.name: info for info in tar}
            for part in self.manifest.parts:
                info = stored.get(part.member)
                source = tar.extractfile(info) if info is not None else None
                if source is None:
                    wrong.append(f"{part.table}: {part.member} is missing")
                elif (
                    hashlib.file_digest(cast("io.BufferedReader", source), "sha256").hexdigest()
                    != part.sha256
                ):
                    wrong.append(f"{part.table}: {part.member} is not as it was written")
        return wrong

    def _text(self, member: str) -> Iterator[bytes]:
        import pyrage

        with self._opened() as tar:
            try:
                source = tar.extractfile(member)
            except KeyError:
                source = None
            if source is None:
                raise self._wrong(f"lacks {member}")
            try:
                # pyrage reads a stream and writes into one, so that what is between is a file.
                with tempfile.TemporaryFile() as between:
                    if self._identity is not None:
                        pyrage.decrypt_io(source, between, [self._identity])
                        between.seek(0)
                    with gzip.open(source if self._identity is None else between) as plain:
                        while piece := plain.read(PIECE):
                            yield piece
            except (OSError, EOFError, zlib.error, pyrage.DecryptError) as error:
                raise self._wrong(f"{member} is damaged: {error}") from error

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        try:
            with tarfile.open(self._path, "r:") as tar:
                yield tar
        except (tarfile.TarError, EOFError) as error:
            raise self._wrong(f"is no whole backup: {error}") from error
        except OSError as error:
            raise Unreadable(f"{self._path}: {error.strerror or error}") from error

    def _bytes(self, tar: tarfile.TarFile, info: tarfile.TarInfo | None) -> bytes:
        source = tar.extractfile(info) if info is not None else None
        if source is None:
            raise self._wrong("is damaged")
        return source.read()

    def _unseal(self, sealed: bytes, passphrase: str | None) -> Any:
        import pyrage

        if passphrase is None:
            raise BadSetting(f"{self._path.name} is encrypted: set BACKUP_CIPHER_PASS")
        try:
            return pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(sealed, passphrase).decode())
        except pyrage.DecryptError:
            raise BadSetting(
                f"BACKUP_CIPHER_PASS does not open {self._path.name}: use the one it was made with"
            ) from None

    def _decrypted(self, content: bytes) -> bytes:
        import pyrage

        try:
            return bytes(pyrage.decrypt(content, [self._identity]))
        except pyrage.DecryptError as error:
            raise self._wrong(f"is damaged: {error}") from error

    def _wrong(self, what: str) -> Unreadable:
        return Unreadable(f"{self._path.name} {what}")


def digest(path: Path) -> str:
    """A file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
