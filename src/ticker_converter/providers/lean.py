"""Daily files of QuantConnect's Lean engine: a zip of one csv without a header, prices in ten-thousandths. Nothing is
fetched.

A line is `YYYYMMDD HH:MM,open,high,low,close,volume`, as traded, dated in the exchange's zone; the csv inside is named
after the symbol (`brk.b.csv`). Minute and hour files, and the map and factor files beside them, are landed: a factor
file dates a split by the last day before it, not by its ex-date. A file says no unit: whoever imports it does.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import ClassVar

from ticker_converter.errors import Unreadable, Usage
from ticker_converter.providers import answers, bodies
from ticker_converter.providers.base import Facts, Quota
from ticker_converter.records import Call, Parsed, Payload, Window

_STAMP = re.compile(r"(\d{8}) \d{2}:\d{2}")
_MILLISECONDS = re.compile(r"\d{1,8}")
_PLACES = 4


class Lean:
    """No settings: files only."""

    name: ClassVar[str] = "lean"
    parser_version: ClassVar[int] = 1
    facts: ClassVar[Facts] = Facts(
        title="Lean files (QuantConnect)",
        serves="daily prices in files that a person has",
        basis={"prices": "raw"},
        unit=None,
        time_zone="the exchange's",
        published="a file is what it is",
        convention=None,
        terms="https://www.quantconnect.com/terms",
        seen="documented",
    )

    def __init__(self, settings: Mapping[str, object]) -> None:
        del settings

    def quota(self) -> Quota:
        """None: nothing is called."""
        return Quota()

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """None."""
        del kind, symbol, window, stored_until
        return ()

    def fetch(self, call: Call) -> Payload:
        """Usage: Lean is a format of files."""
        raise Usage(
            f"Lean is a format of files: import them with `import payload --provider lean` ({call.url})"
        )

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """The bars of a daily zip, or of the csv in it."""
        name = bodies.name(payload)
        data = bodies.whole(payload, allow=(bodies.ZIP,))
        symbol = payload.symbol
        if data.startswith(bodies.ZIP):
            stem, data = _unzip(data, name)
            bodies.refuse(bodies.Head(name, data[: bodies.SNIFF]))
            symbol = symbol or stem
        lines = [line.split(",") for line in bodies.text(payload, data).splitlines() if line.strip()]
        first = lines[0]
        if len(first) >= 2 and re.fullmatch(r"\d{8}", first[0]) and len(first) <= 4:
            return Parsed(message="a map or factor file is landed, not loaded")
        if _MILLISECONDS.fullmatch(first[0]) and len(first) >= 5:
            return Parsed(message="intraday bars are landed, not loaded")
        if not _STAMP.fullmatch(first[0].strip()) or len(first) not in (5, 6):
            raise Unreadable(f"{name}: is no daily file of Lean: its first line is {','.join(first)[:60]!r}")
        for number, line in enumerate(lines, start=1):
            if len(line) != len(first):
                raise Unreadable(
                    f"{name}: line {number} has {len(line)} cells, its first {len(first)}; cut short?"
                )
        days = [line[0].strip()[:8] for line in lines]
        if len(days) > 1 and days[0] == days[1]:
            return Parsed(message="intraday bars are landed, not loaded")
        if not symbol:
            raise Usage(f"{name}: does not say which symbol it is about: give --symbol")
        return answers.parsed(
            [
                answers.bar(number, symbol, day, _values(line))
                for number, (day, line) in enumerate(zip(days, lines, strict=True), start=1)
            ]
        )


def _values(line: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = dict(zip(answers.PRICES, map(_scaled, line[1:5]), strict=True))
    return {**found, "volume": line[5] if len(line) > 5 else None}


def _scaled(text: str) -> str:
    """Ten-thousandths as a decimal; what is no number stays what it is, for the judging."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return text
    return f"{number.scaleb(-_PLACES):f}" if number.is_finite() and abs(number.adjusted()) < 30 else text


def _unzip(data: bytes, name: str) -> tuple[str, bytes]:
    """The name and the bytes of the one csv in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
            if len(members) != 1:
                raise Unreadable(f"{name}: holds {len(members)} csv files, expected one")
            with archive.open(members[0]) as stream:
                table = stream.read(bodies.LIMIT + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as exc:
        raise Unreadable(f"{name}: is a broken or incomplete zip archive ({exc})") from exc
    if len(table) > bodies.LIMIT:
        raise Unreadable(f"{name}: unpacks to more than {bodies.LIMIT // 2**20} MB")
    if not table:
        raise Unreadable(f"{name}: holds an empty file")
    return PurePosixPath(members[0].filename).stem.lower(), table
