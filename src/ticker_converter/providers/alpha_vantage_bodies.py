"""The bodies of Alpha Vantage, read by their own shape: JSON with numbered keys, or csv with CR LF.

The request's `function` must agree with the shape, and what neither tells (a csv of bars names no symbol) must be said
by whoever imports it: nothing is taken from a file's name.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import polars as pl

from ticker_converter.errors import NoSuchSymbol, Unreadable, Usage
from ticker_converter.providers import alpha_vantage_refusals as refusals
from ticker_converter.providers import alpha_vantage_rows as rows
from ticker_converter.providers import bodies
from ticker_converter.providers.dates import iso_dates
from ticker_converter.records import Parsed, Payload

#: What each function answers with. A function that is not here is landed.
LOADED = {
    "TIME_SERIES_DAILY": "daily", "TIME_SERIES_DAILY_ADJUSTED": "daily", "FX_DAILY": "fx_daily", "SPLITS": "splits",
    "DIVIDENDS": "dividends", "SYMBOL_SEARCH": "search", "OVERVIEW": "overview",
}  # fmt: skip
#: Shapes that are landed, in words for the message.
LANDED = {
    "weekly": "weekly bars are", "monthly": "monthly bars are", "intraday": "intraday bars are",
    "fx_weekly": "weekly rates are", "fx_monthly": "monthly rates are", "digital": "digital currency prices are",
    "quote": "a live quote is", "live_rate": "a live exchange rate is", "status": "the market status is",
    "listing_status": "the list of all symbols is", "currencies": "the list of currencies is",
    "sample": "sample data is",
}  # fmt: skip
_SPANS = (("week", "weekly"), ("month", "monthly"), ("daily", "daily"))
_NUMBERED = re.compile(r"^\d+[a-z]?\.\s*")


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of the call: from the URL, else from what came with the payload."""

    name: str
    function: str | None
    symbol: str | None
    base: str | None
    quote: str | None


def parse(payload: Payload) -> Parsed:
    """A body as frames, as a message, or as the refusal it is."""
    text = bodies.text(payload, bodies.whole(payload)).strip()
    request = _request(payload)
    if text.startswith(("{", "[")):
        return _json(text, request)
    return _csv(text, request)


def _request(payload: Payload) -> Request:
    try:
        parts = urlsplit(payload.request)
        asked = {key.lower(): value for key, value in parse_qsl(parts.query)}
    except ValueError as exc:
        raise Usage(f"{bodies.name(payload)}: its request is not a URL") from exc
    function = asked.get("function")
    if function is None and (listed := re.search(r"/(physical|digital)_currency_list\b", parts.path)):
        function = listed.group(0).strip("/").upper()
    base, quoted = asked.get("from_symbol"), asked.get("to_symbol")
    symbol = asked.get("symbol") or payload.symbol
    if base is None and (found := re.fullmatch(r"([A-Z]{3})/?([A-Z]{3})", payload.symbol or "")):
        base, quoted = found.groups()
    return Request(bodies.name(payload), function.upper() if function else None, symbol, base, quoted)


# ---- JSON ----


class _Pairs(dict[str, object]):
    """A JSON object that keeps its pairs, so that a date stated twice is two rows and not the last of them."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _json(text: str, request: Request) -> Parsed:
    try:
        body = json.loads(text, object_pairs_hook=_Pairs, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as exc:
        raise Unreadable(f"{request.name}: is not complete JSON ({_reason(exc)}); cut short?") from exc
    if "\\u" in text:
        _refuse_characters(text, body, request)
    if not isinstance(body, _Pairs):
        raise Unreadable(f"{request.name}: is a JSON list, not the object that Alpha Vantage sends")
    words = refusals.notice(body)
    if words is not None and refusals.is_sample(words):
        return _landed("sample", request)
    if words is not None:
        raise refusals.refusal(words, request.function, request.symbol)
    if not body or ("Global Quote" in body and not body["Global Quote"]):
        raise _nothing(request)
    shape, content = _shape(body, request)
    _agree(shape, request)
    if shape in LANDED or shape not in LOADED.values():
        return _landed(shape, request)
    if shape == "overview":
        return Parsed(listings=(rows.overview(body),))
    if shape == "search":
        return rows.search([_row(item) for item in _list(content, request)], request.symbol)
    if shape in ("splits", "dividends"):
        listed = [_row(item) for item in _list(content, request)]
        return rows.actions(shape, listed, 1, _named(request, body.get("symbol")))
    meta = _row(body.get("Meta Data") or {})
    if not isinstance(content, _Pairs):
        raise Unreadable(f"{request.name}: its time series is not an object of dates")
    dated = [{**_row(cells), "timestamp": day} for day, cells in content.pairs]
    if shape == "fx_daily":
        return rows.rates(dated, 1, _pair(request, meta))
    return rows.bars(dated, 1, _named(request, meta.get("symbol")))


def _shape(body: Mapping[str, object], request: Request) -> tuple[str, object]:
    """What a JSON body is, and its content, by the names of its parts."""
    for key, content in body.items():
        low = key.lower()
        if "time series" in low:
            every = next((word for part, word in _SPANS if part in low), "intraday")
            if "digital" in low or "crypto" in low:
                return "digital", content
            if " fx" in low:
                return ("intraday" if every == "intraday" else f"fx_{every}"), content
            return every, content
        if key == "bestMatches":
            return "search", content
        if key == "Global Quote":
            return "quote", content
        if key == "Realtime Currency Exchange Rate":
            return "live_rate", content
        if key == "markets":
            return "status", content
        if key == "data" and isinstance(content, list):
            fields = content[0].keys() if content and isinstance(content[0], dict) else ()
            if "split_factor" in fields or (not content and request.function == "SPLITS"):
                return "splits", content
            if "ex_dividend_date" in fields or (not content and request.function == "DIVIDENDS"):
                return "dividends", content
    if "Symbol" in body and ("AssetType" in body or "Currency" in body):
        return "overview", body
    if request.function is not None and request.function not in LOADED:
        return f"function {request.function}", body
    raise Unreadable(f"{request.name}: is JSON of no kind known from Alpha Vantage: {_names(body)}")


def _row(cells: object) -> dict[str, object]:
    """{'1. open': '1.0'} as {'open': '1.0'}; csv and JSON then have the same names."""
    if not isinstance(cells, Mapping):
        return {}
    return {_key(name): rows.text(value) for name, value in cells.items()}


def _key(name: str) -> str:
    return re.sub(r"[\s_]+", "_", _NUMBERED.sub("", name.strip())).lower()


def _list(content: object, request: Request) -> list[object]:
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise Unreadable(f"{request.name}: its list holds something other than objects")
    return content


def _refuse_characters(text: str, body: object, request: Request) -> None:
    try:
        shown = json.dumps(body, ensure_ascii=False)
        shown.encode()
    except (UnicodeEncodeError, RecursionError) as exc:
        raise Unreadable(f"{request.name}: holds half a character (a lone surrogate)") from exc
    if "\\u0000" in shown:
        raise Unreadable(f"{request.name}: holds a zero character")


# ---- csv ----


def _csv(text: str, request: Request) -> Parsed:
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    except csv.Error as exc:
        raise Unreadable(f"{request.name}: is not readable csv ({_reason(exc)})") from exc
    if not lines:
        raise Unreadable(f"{request.name}: holds white space only")
    header = [_key(cell) for cell in lines[0]]
    if len(lines) > 1 and (refused := refusals.csv_notice(header, lines[1])):
        raise refused
    shape = _csv_shape(header, lines[1:], request)
    _agree(shape, request)
    if shape in LANDED or shape not in LOADED.values():
        return _landed(shape, request)
    for number, line in enumerate(lines, start=1):
        if len(line) != len(header):
            raise Unreadable(
                f"{request.name}: line {number} has {len(line)} cells, its header {len(header)}; cut short?"
            )
    table = [dict(zip(header, line, strict=True)) for line in lines[1:]]
    if shape == "search":
        return rows.search(table, request.symbol)
    if shape in ("splits", "dividends"):
        return rows.actions(shape, table, 2, _named(request, None))
    if shape == "fx_daily":
        return rows.rates(table, 2, _pair(request, {}))
    return rows.bars(table, 2, _named(request, None))


def _csv_shape(header: Sequence[str], lines: Sequence[Sequence[str]], request: Request) -> str:
    names = set(header)
    if {"timestamp", "time"} & {header[0]} and {"open", "high", "low", "close"} <= names:
        if any(":" in line[0] for line in lines[:1]):
            return "intraday"
        if request.function in LOADED:
            return "fx_daily" if request.function == "FX_DAILY" else "daily"
        if request.function is not None:
            return _landed_shape(request.function)
        if "split_coefficient" in names or _daily_spaced(lines):
            return "daily" if "volume" in names else "fx_daily"
        raise Usage(
            f"{request.name}: a csv of bars does not say whether they are daily, weekly or monthly: "
            "give --request with the URL it came from"
        )
    if {"effective_date", "split_factor"} <= names:
        return "splits"
    if {"ex_dividend_date", "amount"} <= names:
        return "dividends"
    if {"symbol", "name", "region", "currency"} <= names:
        return "search"
    if {"symbol", "name", "exchange", "assettype"} <= names:
        return "listing_status"
    if header[:2] == ["currency_code", "currency_name"]:
        return "currencies"
    if header[0] == "symbol" and "latestday" in names:
        return "quote"
    if request.function is not None and request.function not in LOADED and len(header) > 1:
        return _landed_shape(request.function)
    raise Unreadable(
        f"{request.name}: is no csv known from Alpha Vantage: its first line is {_names(header)}"
    )


def _daily_spaced(lines: Sequence[Sequence[str]]) -> bool:
    """Whether most rows follow each other by one day: weekly and monthly rows never do, but for a running period."""
    dates = pl.Series([line[0] for line in lines[:60]], dtype=pl.String)
    gaps = iso_dates(dates).str.to_date("%Y-%m-%d", strict=False).diff().dt.total_days().abs().drop_nulls()
    return len(gaps) >= 3 and int((gaps == 1).sum()) * 2 > len(gaps)


def _landed_shape(function: str) -> str:
    for word, shape in (("FX_WEEKLY", "fx_weekly"), ("FX_MONTHLY", "fx_monthly"), ("DIGITAL", "digital"),
                        ("CRYPTO", "digital"), ("INTRADAY", "intraday"), ("SERIES_WEEKLY", "weekly"),
                        ("SERIES_MONTHLY", "monthly"), ("CURRENCY_LIST", "currencies")):  # fmt: skip
        if word in function:
            return shape
    return f"function {function}"


# ---- what must agree ----


def _agree(shape: str, request: Request) -> None:
    wanted = LOADED.get(request.function or "")
    if wanted is not None and wanted != shape:
        got = shape if shape not in LANDED else LANDED[shape].rsplit(" ", 1)[0]
        raise Unreadable(f"{request.name}: {request.function} was asked for, and the body holds {got}")


def _named(request: Request, stated: object) -> str:
    body = stated.strip() if isinstance(stated, str) else ""
    if request.symbol and body and _same(request.symbol) != _same(body):
        raise Unreadable(f"{request.name}: {request.symbol} was asked for, and the body is about {body}")
    symbol = request.symbol or body
    if not symbol:
        raise Usage(
            f"{request.name}: does not say which symbol it is about: give --symbol, or --request with its URL"
        )
    return symbol


def _same(symbol: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", symbol.upper())


def _pair(request: Request, meta: Mapping[str, object]) -> tuple[str, str]:
    base, quoted = rows.cell(meta, "from_symbol"), rows.cell(meta, "to_symbol")
    if base and quoted and request.base and request.quote and (base, quoted) != (request.base, request.quote):
        asked = f"{request.base}/{request.quote}"
        raise Unreadable(f"{request.name}: {asked} was asked for, and the body is about {base}/{quoted}")
    base, quoted = request.base or base, request.quote or quoted
    if not base or not quoted:
        raise Usage(f"{request.name}: does not say which currencies it is about: give --request with its URL")
    return base, quoted


def _nothing(request: Request) -> Exception:
    what = " ".join(part for part in (request.function, request.symbol) if part)
    if not what:
        return Unreadable(f"{request.name}: is an empty answer of Alpha Vantage: no data and no reason")
    return NoSuchSymbol(
        f"Alpha Vantage: answered {what} with nothing: the symbol is unknown there, or its exchange is missing today"
    )


def _landed(shape: str, request: Request) -> Parsed:
    if shape in LANDED:
        return Parsed(message=f"{LANDED[shape]} landed, not loaded")
    return Parsed(message=f"{request.function or shape} is landed, not loaded")


def _names(keys: Iterable[str]) -> str:
    shown = ", ".join(list(keys)[:6])[:120]
    return "".join(c if c.isprintable() else " " for c in shown) or "nothing"


def _reason(exc: Exception) -> str:
    return "nested too deep" if isinstance(exc, RecursionError) else str(exc)[:80]
