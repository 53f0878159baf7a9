"""Query parameters, read strictly: one spelling of a date, exact decimals, no unknown name, no name twice.

A mistyped name would otherwise be ignored in silence, and the answer be in another currency than the one meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from ticker_converter import times
from ticker_converter.errors import Usage

_NUMBER = r"[+-]?(?:\d{1,40}(?:\.\d{0,60})?|\.\d{1,60})(?:[eE][+-]?\d{1,2})?"


def _day(text: object) -> object:
    return _read(times.day, text)


def _moment(text: object) -> object:
    # In a query a plus sign stands for a space: 2024-01-31T09:00:00+00:00 arrives without it.
    return _read(times.known, re.sub(r"(?<=:\d\d) (?=\d\d:)", "+", text) if isinstance(text, str) else text)


def _read(reader: Callable[[str], object], text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return reader(text)
    except Usage as error:
        raise ValueError(str(error)) from None


def _number(text: object) -> Decimal:
    # A plus sign arrives as a space, as above.
    found = re.fullmatch(_NUMBER, str(text).replace(" ", "+", 1), re.ASCII)
    if found is None:
        raise ValueError("a decimal number such as 100, 12.50 or 1e-7 is expected")
    return Decimal(found[0])


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "description": "ISO 8601", "examples": ["2024-01-31T09:00:00Z"]}),
]
Number = Annotated[
    Decimal,
    PlainValidator(_number),
    WithJsonSchema({"type": "string", "pattern": f"^{_NUMBER}$", "examples": ["100", "12.50"]}),
]
Unit = Annotated[str, Field(min_length=1, max_length=16)]

_MAX_AGE = Field(
    7, ge=0, le=36525, description="Age in calendar days past which a rate is no answer."
)  # the ECB's longest gap is 5
_KNOWN_AT = Field(
    None, description="Answer as known then: a time, or a date for its end, UTC. Default: as known now."
)


class Query(BaseModel):
    """What every route takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str | None = Field(
        None, max_length=40, description="json, csv, arrow or parquet; wins over the Accept header."
    )


class Paged(Query):
    """What a list takes."""

    limit: int | None = Field(
        None, ge=1, le=100_000, description="Rows of a page, oldest first. Default: all in one answer."
    )
    cursor: str | None = Field(
        None, max_length=300, description="Where the page begins: taken from `next` or the Link header."
    )


class PricesQuery(Paged):
    """Of /v1/prices/{symbol}."""

    currency: Unit | None = Field(
        None, description="Currency or price unit (GBX) of the answer. Default: the listing unit.",
        examples=["GBP"],
    )  # fmt: skip
    first: Day | None = Field(None, alias="from", description="First day. Default: the first stored.")
    last: Day | None = Field(None, alias="to", description="Last day. Default: the last stored.")
    adjust: Literal["none", "splits", "all"] = Field(
        "none", description="Adjusted for splits, or for splits and dividends (all)."
    )
    interval: Literal["1d", "1w", "1mo"] = Field("1d", description="Sessions, ISO weeks or months.")
    known_at: Moment | None = _KNOWN_AT
    max_age_days: int = _MAX_AGE
    receipts: bool = Field(False, description="With each bar the receipt of its conversion.")


class SectionQuery(Query):
    """Of /v1/prices."""

    symbols: str = Field(
        min_length=1, max_length=33_000, description="Up to 500, with commas between them.", examples=["AAPL,VOD.L"]
    )  # fmt: skip
    on: Day | None = Field(None, description="The session. Default: today, UTC.")
    currency: Unit | None = Field(
        None, description="Currency or price unit (GBX) of the answer. Default: each listing's unit.",
        examples=["GBP"],
    )  # fmt: skip
    adjust: Literal["none", "splits", "all"] = Field(
        "none", description="Adjusted for splits, or for splits and dividends (all)."
    )
    known_at: Moment | None = _KNOWN_AT
    max_age_days: int = _MAX_AGE


class RatesQuery(Paged):
    """Of /v1/rates/{base}/{quote}."""

    first: Day | None = Field(None, alias="from", description="First day. Default: the first stored.")
    last: Day | None = Field(None, alias="to", description="Last day. Default: the last stored.")
    known_at: Moment | None = _KNOWN_AT
    max_age_days: int = _MAX_AGE


class ConvertQuery(Query):
    """Of /v1/convert."""

    amount: Number = Field(description="The amount, exactly as written.")
    source: Unit = Field(alias="from", description="Its currency or price unit.", examples=["USD"])
    target: Unit = Field(alias="to", description="The currency or price unit wanted.", examples=["GBP"])
    on: Day | None = Field(None, description="Day whose rate is used. Default: today, UTC.")
    rate_lag: int = Field(0, ge=0, le=36525, description="Use the rate of that many days before.")
    max_age_days: int = _MAX_AGE
    known_at: Moment | None = _KNOWN_AT


class InstrumentsQuery(Paged):
    """Of /v1/instruments."""

    all: bool = Field(False, description="Also those taken off the watch list.")


def each_once(request: Request) -> None:
    """Refuse a parameter given twice: which of the two was meant cannot be known."""
    once(request)


def once(request: Request, *, but: str = "") -> None:
    """The same, with one that may be given more than once."""
    names = [name for name, _ in request.query_params.multi_items() if name != but]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Usage(f"{twice[0][:40]} is given more than once")
