"""First look at bytes before any parser sees them: size, emptiness, and what they plainly are not.

Refuses by the first 64 kB, so that a gigabyte of zeros, a web page sent with HTTP 200 or a wrongly named archive costs
one read and one line. It never repairs: bytes are read as they are or refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from ticker_converter.errors import Unreadable, Usage
from ticker_converter.records import Payload

SNIFF = 64 * 1024
LIMIT = 64 * 1024 * 1024
"A response larger than this is refused; the largest known (the ECB's whole history as xml) has 8 MB."

ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
BOM = b"\xef\xbb\xbf"
_MAGIC = {
    ZIP: "a zip archive", b"PK\x05\x06": "an empty zip archive", b"\x1f\x8b": "gzip data", PARQUET: "a Parquet file",
    b"%PDF": "a PDF", b"BZh": "bzip2 data", b"\xfd7zXZ": "xz data", b"(\xb5/\xfd": "zstd data",
    b"\xd0\xcf\x11\xe0": "an old Excel file", b"\x89PNG": "an image", b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}  # fmt: skip
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<!-- ", b"<script")


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a payload, and what it is called in messages."""

    name: str
    data: bytes


def name(payload: Payload) -> str:
    """What to call a payload in a message: the file's name, or the URL without its query."""
    if payload.path is not None:
        shown = payload.path.name
    elif "://" in payload.request:
        shown = payload.request.partition("://")[2].partition("?")[0].rpartition("@")[2]
    else:
        shown = PurePath(payload.request).name
    return "".join(c if c.isprintable() else "?" for c in shown)[:120] or payload.provider


def head(payload: Payload) -> Head:
    """The first 64 kB; Usage if the file cannot be opened, Unreadable if there is nothing in it."""
    try:
        data = payload.read(SNIFF)
    except OSError as exc:
        raise Usage(f"{name(payload)}: cannot be opened: {exc.strerror or exc}") from exc
    if not data:
        raise Unreadable(f"{name(payload)}: is empty (0 bytes)")
    return Head(name(payload), data)


def refuse(first: Head, *, allow: tuple[bytes, ...] = ()) -> None:
    """Unreadable if the bytes are zeros, a web page or a binary format other than those in `allow`."""
    for magic, kind in _MAGIC.items():
        if first.data.startswith(magic) and magic not in allow:
            raise Unreadable(f"{first.name}: is {kind}, not the text expected; unpack or convert it first")
    if allow and first.data.startswith(allow):
        return
    if not first.data.strip(b"\0"):
        raise Unreadable(
            f"{first.name}: holds zero bytes only, from its first to its {len(first.data)}th byte"
        )
    if b"\0" in first.data:
        raise Unreadable(f"{first.name}: has a zero byte at {first.data.index(0)}: binary data, not text")
    if is_html(first.data):
        raise Unreadable(f"{first.name}: is a web page (html), not data")
    if not first.data.removeprefix(BOM).strip():
        raise Unreadable(f"{first.name}: holds white space only")


def is_html(data: bytes) -> bool:
    """Whether the text opens as a web page does."""
    return data.removeprefix(BOM).lstrip()[:64].lower().startswith(_HTML)


def whole(payload: Payload, *, allow: tuple[bytes, ...] = (), limit: int = LIMIT) -> bytes:
    """All bytes of a response, at most `limit`, after `refuse`."""
    refuse(head(payload), allow=allow)
    data = payload.read(limit + 1)
    if len(data) > limit:
        raise Unreadable(f"{name(payload)}: is larger than {limit // 2**20} MB")
    return data


def text(payload: Payload, data: bytes) -> str:
    """UTF-8 with or without a byte order mark; Unreadable where it is not, or where it holds a zero byte."""
    try:
        found = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Unreadable(f"{name(payload)}: is not UTF-8 text (byte {exc.start})") from exc
    if "\0" in found:
        raise Unreadable(f"{name(payload)}: has a zero byte at character {found.index(chr(0))}")
    return found
