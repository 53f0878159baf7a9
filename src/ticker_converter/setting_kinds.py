"""The kinds of values that settings have: each reads a text or says what it should have been, never what it was."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from pathlib import Path
from typing import Any

ROOT_HOME = Path("/var/lib/ticker-converter")


class Wrong(ValueError):
    """What a value should have been; the caller adds the name, nobody adds the value."""


def boolean(value: str) -> bool:
    word = value.strip().lower()
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("false", "0", "no", "off"):
        return False
    raise Wrong("is not true or false")


def whole(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", value.strip()) or not least <= int(value) <= most:
            raise Wrong(f"is not a whole number from {least} to {most}")
        return int(value)

    return parse


def seconds(value: str) -> Decimal:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        raise Wrong("is not a number of seconds") from None
    if not number.is_finite() or number <= 0:
        raise Wrong("is not a number of seconds above zero")
    return number


def one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        for word in words:
            if value.strip().lower() == word.lower():
                return word
        raise Wrong(f"is none of {', '.join(words)}")

    return parse


def names(value: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in value.split(","))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in found) or len(set(found)) != len(found):
        raise Wrong("is not a list of different source names, such as files,ecb")
    return found


def words(check: Callable[[str], bool], wanted: str) -> Callable[[str], tuple[str, ...]]:
    def parse(value: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(word.strip().lower() for word in value.split(",") if word.strip()))
        if not all(map(check, found)):
            raise Wrong(f"is not a list of {wanted}, with commas between them")
        return found

    return parse


def is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def is_origin(text: str) -> bool:
    return text == "*" or re.fullmatch(r"https?://[^/\s@?#]+", text) is not None


def is_host(text: str) -> bool:
    return text == "*" or re.fullmatch(r"(\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]", text) is not None


def web_address(value: str) -> str:
    if not re.match(r"https?://[^/\s]", value):
        raise Wrong("is not an http or https URL")
    return value.rstrip("/")


def folder(value: str) -> Path:
    return Path(value).expanduser().absolute()


def default_home(environ: Mapping[str, str]) -> Path:
    """TICKER_CONVERTER_HOME where it is not set."""
    if os.geteuid() == 0:
        return ROOT_HOME
    if (base := environ.get("XDG_DATA_HOME", "")).startswith("/"):
        return Path(base) / "ticker-converter"
    user = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    shared = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
    return user / shared / "ticker-converter"


def home(environ: Mapping[str, str]) -> Path:
    """The folder of .env: TICKER_CONVERTER_HOME can only come from outside that file."""
    given = environ.get("TICKER_CONVERTER_HOME")
    return folder(given) if given else default_home(environ)


def setting(
    help: str,
    default: object = None,
    parse: Callable[[str], object] = str,
    *,
    kind: str = "text",
    secret: bool = False,
    required: bool = False,
    shown: str | None = None,
) -> Any:
    """A field of Settings. `required`: production refuses to start without it; `shown`: the default in words."""
    return field(
        default=default,
        metadata={
            "help": help, "parse": parse, "kind": kind, "secret": secret, "required": required, "shown": shown,
        },
    )  # fmt: skip


def base(who: str, url: str) -> Any:
    """The base URL of a provider."""
    return setting(f"where {who}", url, web_address, kind="URL")


def key(whose: str) -> Any:
    """A provider's key, or several."""
    return setting(f"{whose} key, or several parted by commas", secret=True)
