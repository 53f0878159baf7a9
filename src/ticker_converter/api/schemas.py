"""What the answers hold, for OpenAPI. Answers are not built from these classes; a test reads real ones with them."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from ticker_converter.api.formats import ARROW, CSV, PARQUET

Exact = Annotated[Decimal, WithJsonSchema({"type": "number"})]


class Shape(BaseModel):
    """An object with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Health(Shape):
    status: Literal["alive", "ready", "degraded"]


class Leg(Shape):
    base: str = Field(examples=["EUR"])
    quote: str = Field(examples=["USD"])
    rate: Exact = Field(description="As published.", examples=[1.0956])
    date: Day
    source: str | None = Field(examples=["ecb"])
    revision: int | None = Field(description="How often the source has changed it.")
    use: Literal["direct", "inverse", "legal", "peg"]
    fixing: str | None = Field(description="The time of day that the rate is of, where the source has one.")


class PerUnit(Shape):
    from_per: int = Field(description="Units that make one of the currency: 100 for GBX.")
    to_per: int


class Receipt(Shape):
    """result = amount / from_per x rate x to_per, with the rate computed from the legs."""

    from_: str = Field(alias="from", examples=["USD"])
    to: str = Field(examples=["GBP"])
    on: Day
    rate: Exact = Field(description="Between the currencies, 12 significant digits.")
    rate_date: Day | None
    age_days: int | None
    source: str = Field(examples=["ecb"])
    legs: list[Leg]
    unit: PerUnit
    known_at: datetime | None


class Bar(Shape):
    """Prices are null when the bar cannot be converted; `missing` says why."""

    date: Day
    open: Exact | None
    high: Exact | None
    low: Exact | None
    close: Exact | None
    volume: Exact | None
    rate: Exact | None = Field(None, description="With currency only.")
    rate_date: Day | None = Field(None, description="With currency only.")
    source: str | None = Field(None, description="Of the rate; with currency only.")
    missing: Literal["no_rate", "rate_too_old", "no_dividend_rate"] | None
    partial: bool = Field(False, description="An unfinished week or month; with interval 1w and 1mo only.")
    receipt: Receipt | None = Field(None, description="With receipts only.")


class Prices(Shape):
    symbol: str
    currency: str
    listing_unit: str
    basis: Literal["raw", "splits", "all"]
    adjust: Literal["none", "splits", "all"]
    interval: Literal["1d", "1w", "1mo"]
    next: str | None = Field(None, description="Address of the next page; with limit only.")
    prices: list[Bar]


class OfSession(Shape):
    """Prices are null when the bar cannot be converted; `missing` says why."""

    symbol: str
    date: Day
    unit: str = Field(description="The currency asked for, else the listing's unit.")
    open: Exact | None
    high: Exact | None
    low: Exact | None
    close: Exact | None
    volume: Exact | None
    rate: Exact | None = Field(None, description="With currency only.")
    rate_date: Day | None = Field(None, description="With currency only.")
    source: str | None = Field(None, description="Of the rate; with currency only.")
    missing: Literal["no_rate", "rate_too_old", "no_dividend_rate"] | None


class NotOfSession(Shape):
    symbol: str
    reason: Literal["unknown_symbol", "no_price", "basis"]


class Section(Shape):
    on: Day
    currency: str | None
    adjust: Literal["none", "splits", "all"]
    left_out: list[NotOfSession]
    prices: list[OfSession]


class Rate(Shape):
    date: Day
    rate: Exact | None
    rate_date: Day | None
    age_days: int | None
    source: str | None
    missing: Literal["no_rate", "rate_too_old"] | None


class Rates(Shape):
    base: str
    quote: str
    next: str | None = Field(None, description="Address of the next page; with limit only.")
    rates: list[Rate]


class Conversion(Shape):
    amount: Exact
    result: Exact
    receipt: Receipt


class Instrument(Shape):
    symbol: str
    mic: str | None
    name: str | None
    kind: str
    unit: str | None
    currency: str | None
    providers: list[str]
    watched: bool
    first_session: Day | None
    last_session: Day | None
    bars: int
    sessions_behind: int | None = Field(
        description="Closed sessions of its exchange after the last stored one; null without a calendar."
    )


class WrongParameter(Shape):
    parameter: str
    message: str


class Problem(Shape):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["/docs#unknown-symbol"])
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[WrongParameter] | None = Field(None, description="For a wrong parameter.")


#: For `responses=`.
PROBLEM: dict[str, Any] = {
    "description": "A problem document",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
DATA: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            CSV.media_type: {"schema": {"type": "string"}},
            ARROW.media_type: _BINARY,
            PARQUET.media_type: _BINARY,
        }
    },
    304: {"description": "The caller has it: If-None-Match names its ETag"},
    **dict.fromkeys((401, 403, 404, 406, 409, 422, 429, 500, 503), PROBLEM),
}
