"""What the JSON interfaces of price providers have in common: fetching with a key, reading a body, and rows as frames.

A number stays the text that was sent; what is no text or number is shown as JSON, for the judging to refuse. Nothing
here knows a provider's names or its words of refusal, and nothing is dropped or rounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from ticker_converter.errors import (
    BadSetting,
    ProviderBusy,
    Refused,
    TickerConverterError,
    Transient,
    Unreadable,
    Usage,
)
from ticker_converter.providers import bodies, http, split_factor
from ticker_converter.providers.dates import iso_dates
from ticker_converter.records import Basis, Call, Parsed, Payload, action_frame, bar_frame, rate_frame

Row = Mapping[str, object]

PRICES = ("open", "high", "low", "close")
_NULLS = ("", "None", "null", "N/A", "-")
_ZERO = re.compile(r"-?(?:0+(?:\.0*)?|\.0+)(?:[eE][+-]?\d+)?")
_ONE = re.compile(r"0*1(?:\.0*)?")


class _Reads(Protocol):
    name: ClassVar[str]

    @classmethod
    def parse(cls, payload: Payload) -> Parsed: ...


# ---- asking ----


def key(settings: Mapping[str, object]) -> str:
    """The key of a provider, empty without one."""
    return str(settings.get("api_key") or "").strip()


def seconds(settings: Mapping[str, object]) -> float:
    """How long to wait for an answer."""
    return float(str(settings.get("timeout") or 30))


def base(settings: Mapping[str, object], default: str) -> str:
    """Where the provider answers."""
    return str(settings.get("base_url") or default).rstrip("/")


def needed(value: str, provider: str, setting: str) -> None:
    """BadSetting unless there is a key."""
    if not value:
        raise BadSetting(
            f"{provider}: has no key: set {setting}, or import what it sent with `import payload`"
        )


def limit(settings: Mapping[str, object], name: str, default: int | None) -> int | None:
    """A limit of the quota as set, else the free plan's."""
    stated = settings.get(name)
    return default if stated is None else int(str(stated))


def fetch(source: type[_Reads], title: str, call: Call, secret: http.Secret, timeout: float) -> Payload:
    """Make one call. A refusal that the provider puts into words is returned as the body it is; a 429 or 4xx that it
    does not explain is ProviderBusy or Refused."""
    answer = http.get(
        call.url, provider=title, timeout=timeout, secret=secret, speaks_in_bodies=True, busy_in_bodies=True
    )
    payload = Payload(
        source.name, call.url, answer.received_at, answer.body, content_type=answer.content_type, symbol=call.symbol,
        redacted=answer.redacted,
    )  # fmt: skip
    if answer.status >= 400:
        try:
            source.parse(payload)
        except (Refused, Transient):
            return payload
        except TickerConverterError:
            pass
        if answer.status == 429:
            raise ProviderBusy(f"{title}: asks to slow down (HTTP 429); again in a minute")
        raise Refused(f"{title}: answered HTTP {answer.status} to {call.kind} of {call.symbol or 'the call'}")
    return payload


# ---- what was asked ----


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the call: the parts of its URL's path, its parameters, and what came with the payload."""

    name: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    symbol: str | None

    @property
    def known(self) -> bool:
        """Whether there is a URL at all."""
        return bool(self.path or self.query)

    def after(self, *words: str) -> str | None:
        """The part of the path that follows these."""
        for start in range(len(self.path) - len(words)):
            if self.path[start : start + len(words)] == words:
                return self.path[start + len(words)]
        return None

    def about(self, stated: str | None, *asked: str | None) -> str:
        """The symbol: what the body, the URL and the payload say must be one. Usage if none says it."""
        said = [one for one in (*asked, self.symbol, stated) if one]
        if not said:
            raise Usage(
                f"{self.name}: does not say which symbol it is about: give --symbol, or --request with its URL"
            )
        if len({_plain(one) for one in said}) > 1:
            raise Unreadable(f"{self.name}: {said[0]} was asked for, and the body is about {said[-1]}")
        return said[0]


def asked(payload: Payload) -> Asked:
    """The request of a payload; a file's name says nothing."""
    name = bodies.name(payload)
    if "://" not in payload.request:
        return Asked(name, (), {}, payload.symbol)
    try:
        parts = urlsplit(payload.request)
        query = dict(parse_qsl(parts.query))
    except ValueError as error:
        raise Usage(f"{name}: its request is not a URL") from error
    return Asked(name, tuple(map(unquote, parts.path.strip("/").split("/"))), query, payload.symbol)


def _plain(symbol: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", symbol.upper())


# ---- reading ----


def read(payload: Payload) -> str:
    """The body as text, without white space around it."""
    return bodies.text(payload, bodies.whole(payload)).strip()


def loads(text: str, name: str) -> object:
    """JSON with every number as its own text. Unreadable for what is cut or holds half a character."""
    try:
        body = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        if "\\u" in text:
            shown = json.dumps(body, ensure_ascii=False)
            shown.encode()
            if "\\u0000" in shown:
                raise Unreadable(f"{name}: holds a zero character")
    except UnicodeEncodeError as error:
        raise Unreadable(f"{name}: holds half a character (a lone surrogate)") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)[:80]
        raise Unreadable(f"{name}: is not complete JSON ({reason}); cut short?") from error
    return body


def rows(content: object, name: str) -> list[Row]:
    """A list of objects."""
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise Unreadable(f"{name}: its list holds something other than objects")
    return content


def table(text: str, name: str, separator: str = ",") -> tuple[list[str], list[dict[str, str]]]:
    """A csv with a header, as its names and rows; Unreadable where a line is cut."""
    lines = [line.split(separator) for line in text.splitlines() if line.strip()]
    if not lines:
        raise Unreadable(f"{name}: holds white space only")
    header = [cell.strip() for cell in lines[0]]
    for number, line in enumerate(lines, start=1):
        if len(line) != len(header):
            raise Unreadable(
                f"{name}: line {number} has {len(line)} cells, its header {len(header)}; cut short?"
            )
    return header, [dict(zip(header, line, strict=True)) for line in lines[1:]]


def cell(row: Row, name: str) -> str | None:
    """A value as text, or None where it is missing."""
    value = row.get(name)
    if value is None:
        return None
    words = value.strip() if isinstance(value, str) else json.dumps(value, default=str)[:200]
    return None if words in _NULLS else words


def words(row: object, *names: str) -> str | None:
    """The first of these that is a text."""
    if isinstance(row, Mapping):
        for name in names:
            if isinstance(value := row.get(name), str) and value.strip():
                return value.strip()
    return None


def quoted(said: str) -> str:
    """A provider's words in a message: their beginning, on one line."""
    clean = "".join(c if c.isprintable() else " " for c in said)
    return repr(clean[:120] + ("..." if len(clean) > 120 else ""))


# ---- rows ----


def bar(
    row: int, symbol: str, day: object, values: Row, names: Mapping[str, str] | None = None, *,
    basis: Basis = "raw", unit: str | None = None,
) -> dict[str, object]:  # fmt: skip
    """One bar; `names` says what the body calls open, high, low, close and volume, where it is something else."""
    called = names or {}
    cells = {name: cell(values, called.get(name, name)) for name in (*PRICES, "volume")}
    return {"row": row, "symbol": symbol, "date": day, **cells, "basis": basis, "unit": unit}


def action(
    row: int, symbol: str, day: object, kind: str, value: str | None, *, unit: str | None = None,
    pay_date: str | None = None, type: str | None = None, basis: Basis = "raw",
) -> dict[str, object]:  # fmt: skip
    """One split, spin-off or dividend."""
    return {
        "row": row, "symbol": symbol, "ex_date": day, "kind": kind, "value": value, "unit": unit, "pay_date": pay_date,
        "type": type, "basis": basis,
    }  # fmt: skip


def split(new: str | None, old: str | None) -> tuple[str, str | None]:
    """Kind and value of two numbers, new shares for old ones: a split in whole numbers (`4`, `3/2`), an odd one
    (Yahoo's 1046 for 1000, IBM 2021) as a spin-off by its quotient. What is no number is left for the judging."""
    if new is None or old is None:
        return "split", None
    try:
        ratio = Fraction(new) / Fraction(old)
    except (ValueError, ZeroDivisionError):
        return "split", f"{new}/{old}"
    if split_factor.is_split(ratio):
        return "split", str(ratio)
    return factor(split_factor.shown(ratio))


def factor(text: str | None) -> tuple[str, str | None]:
    """Kind and value of one number."""
    found = split_factor.ratio(text) if text is not None else None
    if found is not None:
        return "split", str(found)
    return ("spinoff" if text is not None and re.fullmatch(r"\d*\.?\d+", text) else "split"), text


def is_zero(text: str | None) -> bool:
    """Whether a dividend is none."""
    return text is None or bool(_ZERO.fullmatch(text))


def is_one(text: str | None) -> bool:
    """Whether a split factor is none."""
    return text is None or bool(_ONE.fullmatch(text))


def parsed(
    bars: Sequence[Row] = (), actions: Sequence[Row] = (), rates: Sequence[Row] = (), *,
    whole: frozenset[str] = frozenset(), about: str | None = None, more: str | None = None,
) -> Parsed:  # fmt: skip
    """Rows as frames, their readable dates as ISO 8601."""
    frames = [bar_frame(bars)] if bars else []
    moves = [action_frame(actions)] if actions else []
    fixings = [rate_frame(rates)] if rates else []
    return Parsed(
        bars=[frame.with_columns(iso_dates(frame["date"])) for frame in frames],
        actions=[
            frame.with_columns(iso_dates(frame["ex_date"]), iso_dates(frame["pay_date"])) for frame in moves
        ],
        rates=[frame.with_columns(iso_dates(frame["date"])) for frame in fixings],
        whole=whole,
        about=about,
        more=more,
    )


def pair(symbol: str, provider: str) -> tuple[str, str]:
    """EUR/USD or EURUSD as two codes."""
    found = re.fullmatch(r"([A-Z]{3})/?([A-Z]{3})", symbol)
    if found is None:
        raise Usage(f"{provider}: {symbol!r} is no currency pair: write it as EUR/USD")
    return found[1], found[2]
