"""The European Central Bank's euro reference rates: one day, 90 days or all since 1999, as xml, csv or zipped csv; or
from its data portal (`ecb_sdmx`), where ECB_BASE_URL ends in /service/data.

A rate is what one euro costs in a currency, as printed. `N/A` is no rate. No file is trusted to be what its name says:
a web page, a cut archive, a document type or entity in the xml, or a table that does not add up is Unreadable.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from xml.parsers import expat

import polars as pl
from polars.exceptions import PolarsError

from ticker_converter.errors import Unreadable
from ticker_converter.providers import bodies, ecb_sdmx, http
from ticker_converter.providers.base import Quota
from ticker_converter.providers.dates import iso_dates
from ticker_converter.records import Call, Parsed, Payload, Publisher, Window, rate_frame

BASE_URL = "https://www.ecb.europa.eu/stats/eurofxref"
LIMIT = 128 * 1024 * 1024
"Bytes of one unpacked table; the whole history of 2026 has 2 MB as csv and 8 MB as xml."
NINETY_DAYS = timedelta(days=85)
OVERLAP = timedelta(days=8)
"At least the last five fixings are asked for again: no five fixings lie further apart, Easter week included."
_CURRENCY = re.compile(r"[A-Z]{3}")
_NONE = ("", "N/A", "-")


class ECB:
    """Base EUR, no key, no stated limit, published on TARGET days about 16:00 in Frankfurt."""

    name: ClassVar[str] = "ecb"
    parser_version: ClassVar[int] = 2  # 2: the data portal's SDMX csv
    publisher: ClassVar[Publisher] = Publisher(
        "EUR", "Europe/Berlin", timedelta(hours=16), "14:15 Europe/Berlin"
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._base_url = str(settings.get("base_url") or BASE_URL).rstrip("/")
        self._timeout = float(str(settings.get("timeout") or 30))

    def quota(self) -> Quota:
        """None is stated; one call a second is manners."""
        return Quota(per_second=1, time_zone="Europe/Berlin")

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """The smallest file that reaches back to the window's start, or to a week before `stored_until`."""
        if kind != "rates":
            return ()
        today = datetime.now(UTC).date()
        since = window.since
        if since is None and isinstance(stored_until, date):
            since = stored_until - OVERLAP
        if self._base_url.endswith(ecb_sdmx.ROOT):
            url = ecb_sdmx.url(self._base_url, since, window.until)
            return (Call(self.name, "rates", url, None, f"fixings since {since or 1999}"),)
        if since is None or since < today - NINETY_DAYS:
            file, why = "eurofxref-hist.zip", "all fixings since 1999"
        elif since < _last_weekday(today):
            file, why = "eurofxref-hist-90d.xml", "the last 90 days"
        else:
            file, why = "eurofxref-daily.xml", "the latest fixing"
        return (Call(self.name, "rates", f"{self._base_url}/{file}", None, why),)

    def fetch(self, call: Call) -> Payload:
        """Make one call; ProviderUnavailable, ProviderBusy or Refused when it gives no file."""
        answer = http.get(call.url, provider="the ECB", timeout=self._timeout)
        return Payload(
            self.name,
            call.url,
            answer.received_at,
            answer.body,
            content_type=answer.content_type,
            symbol=call.symbol,
        )

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """All rates of a file, in the file's order; `row` is the rate's position among them."""
        if empty := ecb_sdmx.nothing(payload):
            return empty
        data = bodies.whole(payload, allow=(bodies.ZIP,), limit=LIMIT)
        if ecb_sdmx.speaks(data):
            return ecb_sdmx.parse(payload, bodies.text(payload, data))
        name = bodies.name(payload)
        if data.startswith(bodies.ZIP):
            data = _unzip(data, name)
            bodies.refuse(bodies.Head(name, data[: bodies.SNIFF]))
        text = data.removeprefix(bodies.BOM).lstrip()
        frame = _xml(text, name) if text.startswith(b"<") else _csv(text, name)
        if frame.is_empty():
            raise Unreadable(f"{name}: holds no rate")
        return Parsed(rates=[frame])


def speaks(head: bytes) -> bool:
    """Whether a file's first bytes are one of the ECB's forms: zip, xml, or the csv header of a date and currencies."""
    text = head.removeprefix(bodies.BOM).lstrip()
    if text.startswith((bodies.ZIP, b"<")):
        return True
    cells = [cell.strip() for cell in text.split(b"\n", 1)[0].decode("utf-8", "replace").split(",")]
    return len(cells) > 1 and cells[0] == "Date" and bool(_CURRENCY.fullmatch(cells[1]))


def _last_weekday(today: date) -> date:
    """The weekday before today: what the newest fixing may be until this afternoon."""
    return today - timedelta(days={0: 3, 6: 2}.get(today.weekday(), 1))


def _unzip(data: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [
                item for item in archive.infolist() if item.filename.lower().endswith((".csv", ".xml"))
            ]
            if len(members) != 1:
                raise Unreadable(f"{name}: holds {len(members)} csv or xml files, expected one")
            with archive.open(members[0]) as stream:
                table = stream.read(LIMIT + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as exc:
        raise Unreadable(f"{name}: is a broken or incomplete zip archive ({exc}); fetch it again") from exc
    if len(table) > LIMIT:
        raise Unreadable(f"{name}: unpacks to more than {LIMIT // 2**20} MB")
    if not table:
        raise Unreadable(f"{name}: holds an empty file")
    return table


def _csv(data: bytes, name: str) -> pl.DataFrame:
    header, _, table = data.partition(b"\n")
    try:
        columns = [cell.strip() for cell in header.decode("ascii").split(",")]
    except UnicodeDecodeError as exc:
        raise Unreadable(f"{name}: its header is not the ECB's (Date, USD, JPY, ...)") from exc
    currencies = [cell for cell in columns[1:] if cell]
    if columns[0] != "Date" or not currencies or not all(map(_CURRENCY.fullmatch, currencies)):
        raise Unreadable(f"{name}: its header is not the ECB's (Date, USD, JPY, ...) but {_short(header)}")
    if len(set(currencies)) < len(currencies) or "" in columns[:-1]:
        raise Unreadable(f"{name}: its header names a currency twice or not at all")
    lines = [line for line in table.split(b"\n") if line.strip()]
    for number, line in enumerate(lines, start=2):
        cells = line.count(b",") + 1
        if cells != len(columns):
            raise Unreadable(
                f"{name}: line {number} has {cells} cells, its header {len(columns)}; cut short?"
            )
    if not lines:
        raise Unreadable(f"{name}: holds a header and no rate")
    names = [cell or "unnamed" for cell in columns]
    try:
        wide = pl.read_csv(
            b"\n".join(lines), has_header=False, schema=dict.fromkeys(names, pl.String()), quote_char=None
        )
    except PolarsError as exc:
        raise Unreadable(f"{name}: is not a readable csv table") from exc
    wide = wide.with_columns(pl.col(names).str.strip_chars())
    dates = iso_dates(wide["Date"])
    spelled = dates.str.to_date("%d %B %Y", strict=False).dt.to_string("%Y-%m-%d")
    long = (
        wide.with_columns(spelled.fill_null(dates).alias("date"))
        .unpivot(on=currencies, index="date", variable_name="quote", value_name="rate")
        .filter(pl.col("rate").is_not_null() & ~pl.col("rate").is_in(_NONE))
    )
    return _rates(long)


def _rates(long: pl.DataFrame) -> pl.DataFrame:
    return long.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"),
        pl.lit("EUR").alias("base"),
        "quote",
        "date",
        "rate",
        pl.lit("ecb").alias("source"),
    )


class _Refused(Exception):
    """Raised inside expat's callbacks, which cannot say why they stop."""


def _xml(data: bytes, name: str) -> pl.DataFrame:
    quotes: list[str] = []
    dates: list[str | None] = []
    rates: list[str] = []
    day: list[str | None] = [None]
    depth = [0]

    def start(tag: str, attributes: dict[str, str]) -> None:
        depth[0] += 1
        local = tag.rpartition(":")[2]
        if depth[0] == 1 and local != "Envelope":
            raise _Refused(f"its root is <{_short(tag.encode())}>, not the ECB's envelope")
        if depth[0] > 32:
            raise _Refused("it is nested more than 32 deep")
        if local != "Cube":
            return
        if "time" in attributes:
            day[0] = attributes["time"]
        if "currency" in attributes:
            rate = attributes.get("rate", "")
            if rate.strip() not in _NONE:
                quotes.append(attributes["currency"])
                dates.append(day[0])
                rates.append(rate.strip())

    def end(tag: str) -> None:
        depth[0] -= 1

    def declared(*_: object) -> int:
        raise _Refused("it declares a document type or an entity")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    parser.UnparsedEntityDeclHandler = declared
    parser.ExternalEntityRefHandler = declared
    try:
        parser.Parse(data, True)
    except _Refused as exc:
        raise Unreadable(f"{name}: refused: {exc}") from exc
    except (expat.ExpatError, ValueError, LookupError) as exc:
        raise Unreadable(f"{name}: is not well-formed xml ({exc}); cut short?") from exc
    frame = rate_frame(
        {"row": row, "base": "EUR", "quote": quote, "date": when, "rate": rate, "source": "ecb"}
        for row, (quote, when, rate) in enumerate(zip(quotes, dates, rates, strict=True), start=1)
    )
    return frame.with_columns(iso_dates(frame["date"]))


def _short(text: bytes) -> str:
    shown = text[:60].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in shown).strip()
