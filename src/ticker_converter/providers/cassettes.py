"""Recorded HTTP conversations (cassettes of vcrpy and of Ruby's VCR, as YAML or JSON) as the payloads they brought.

Every scalar is text: YAML would read the ticker `ON` as true and `2026-03-01` as a date. What a recording says of its
request beyond the URL is read only to keep its secrets out: no header and no key is handed on. Nothing is replayed.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ticker_converter.errors import Unreadable
from ticker_converter.providers.bodies import LIMIT, SNIFF
from ticker_converter.providers.http import MARK, PUBLIC_KEYS, SECRET_PARAMETERS, without_secrets

_OPENS = re.compile(
    rb"\s*(?:---\s*)?\{?\s*(?:[\"']?version[\"']?\s*:\s*\d+\s*,?\s*)?[\"']?(?:http_)?interactions[\"']?\s*:"
)
_REPEATED = re.compile(r"(.)\1*")
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answer of a cassette: its URL without secrets, when it came (None: not said), its body as sent, but for an
    echoed secret (`redacted`)."""

    url: str
    status: int
    body: bytes = field(repr=False)
    content_type: str | None
    received_at: datetime | None
    redacted: bool


def is_cassette(path: Path) -> bool:
    """Whether a file opens as a cassette does."""
    with path.open("rb") as stream:
        return bool(_OPENS.match(stream.read(SNIFF).removeprefix(b"\xef\xbb\xbf")))


def read(path: Path) -> list[Recorded]:
    """The answers in the order they came; Unreadable for what is no whole cassette."""
    if path.stat().st_size > LIMIT:
        raise Unreadable(f"{path.name}: is a cassette larger than {LIMIT // 2**20} MB")
    import yaml  # here, because every `import payload` asks whether its file is a cassette, and few are

    try:
        found = yaml.load(path.read_bytes(), Loader=_loader())  # a loader that makes text and bytes only
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name}: is no readable cassette: {_line(error)}") from error
    listed = _at(found, "interactions") or _at(found, "http_interactions")
    if not isinstance(listed, list) or not listed:
        raise Unreadable(f"{path.name}: is a cassette without a recorded answer")
    return [_recorded(one, f"{path.name}: answer {n}") for n, one in enumerate(listed, start=1)]


@cache
def _loader() -> Any:
    """Scalars as text, binary ones as bytes, lists and mappings; no other tag makes anything."""
    import yaml

    class Texts(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]  # libyaml where it is built in
        pass

    # Ruby's writer spells the tag `!binary` (nbp.yml, rba.yml), Python's `!!binary`.
    for tag in ("tag:yaml.org,2002:binary", "!binary"):
        Texts.add_constructor(tag, _binary)
    return Texts


def _binary(loader: Any, node: Any) -> bytes:
    try:
        return base64.b64decode(str(loader.construct_scalar(node)))
    except binascii.Error as error:
        raise ValueError(f"a body is no base64 ({error})") from error


def _recorded(one: object, where: str) -> Recorded:
    request, response = _at(one, "request"), _at(one, "response")
    url = _at(request, "uri") or _at(request, "url")
    if not isinstance(url, str) or not isinstance(response, Mapping):
        raise Unreadable(f"{where}: has no request with a uri, or no response")
    headers = _headers(_at(response, "headers"))
    body = _unpacked(_body(response, where), headers.get("content-encoding"), where)
    clean = body
    for secret in _secrets(url, _headers(_at(request, "headers"))):
        clean = clean.replace(secret.encode(), MARK.encode())
    return Recorded(
        without_secrets(url), _status(response), clean, headers.get("content-type"),
        _date(headers.get("date")) or _iso(_at(one, "recorded_at")), clean != body,
    )  # fmt: skip


def _body(response: Mapping[str, object], where: str) -> bytes:
    """vcrpy writes {string: ...}, older ones the text itself; Ruby's VCR {encoding, string | base64_string}; vcrpy's
    JSON {base64_string: ...}."""
    body = response.get("body", response.get("content", ""))
    if isinstance(body, Mapping):
        if isinstance(packed := body.get("base64_string"), str):
            try:
                return base64.b64decode(packed)
            except binascii.Error as error:
                raise Unreadable(f"{where}: its body is no base64 ({error})") from error
        body = body.get("string", "")
    if isinstance(body, bytes):
        return body
    if not isinstance(body, str):
        raise Unreadable(f"{where}: its body is neither text nor bytes")
    return body.encode("utf-8", "surrogatepass")


def _unpacked(body: bytes, encoding: str | None, where: str) -> bytes:
    """A body recorded as it was on the wire; most recorders unpack it and leave the header."""
    if (encoding or "").strip().lower() != "gzip" or not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, LIMIT + 1)
    except zlib.error as error:
        raise Unreadable(f"{where}: its gzip body is damaged ({error})") from error
    if len(found) > LIMIT or not unpacker.eof:
        raise Unreadable(f"{where}: its gzip body is cut short, or unpacks to more than {LIMIT // 2**20} MB")
    return found


def _secrets(url: str, headers: Mapping[str, str]) -> Iterator[str]:
    """Keys in the URL and tokens in headers; one digit repeated is a recorder's own mask."""
    try:
        pairs = parse_qsl(urlsplit(url).query)
    except ValueError:
        pairs = []
    # `key` is a series in the SDMX interfaces of central banks: taken from the URL, not hunted for in the body.
    held = [value for name, value in pairs if name.lower() in SECRET_PARAMETERS - {"key"}]
    held += [
        words.split()[-1]
        for name, words in headers.items()
        if words.strip() and re.search(r"authorization|api-?key|token", name)
    ]
    for value in held:
        if len(value) >= _SHORTEST_SECRET and value not in PUBLIC_KEYS and not _REPEATED.fullmatch(value):
            yield value


def _headers(found: object) -> dict[str, str]:
    """Names in lower case; a header of several values is its first."""
    if not isinstance(found, Mapping):
        return {}
    firsts = {name: value[0] if isinstance(value, list) and value else value for name, value in found.items()}
    return {str(name).lower(): value for name, value in firsts.items() if isinstance(value, str)}


def _status(response: Mapping[str, object]) -> int:
    stated = response.get("status")
    code = stated.get("code") if isinstance(stated, Mapping) else response.get("status_code", stated)
    return int(code) if isinstance(code, str) and re.fullmatch(r"[1-5][0-9]{2}", code) else 200


def _date(stated: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(stated) if stated else None
    except (ValueError, TypeError, IndexError):
        return None
    return None if found is None else found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _iso(stated: object) -> datetime | None:
    """`recorded_at`: an HTTP date (VCR) or ISO 8601."""
    if not isinstance(stated, str):
        return None
    try:
        found = datetime.fromisoformat(stated)
    except ValueError:
        return _date(stated)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _at(mapping: object, name: str) -> object:
    return mapping.get(name) if isinstance(mapping, Mapping) else None


def _line(error: Exception) -> str:
    words = "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
    return "".join(c if c.isprintable() else "?" for c in words)[:160]
