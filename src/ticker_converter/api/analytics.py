"""The routes of /v1 that compare and measure: performers, screen, summary, indicators. Each is read in one snapshot.

Their bodies are kept as those of the other routes; what is asked of the watch list is kept by the list's version too.

What cannot be judged is in `left_out` with the reason. As CSV, Arrow or Parquet, performers and screen give it as rows
after the others, and summary counts it per group."""

from __future__ import annotations

from datetime import date as Date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ticker_converter.api import schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.answers import Edition, answer, canonical, policy
from ticker_converter.api.formats import Table
from ticker_converter.api.parameters import Day, Moment, Number, Unit, each_once
from ticker_converter.api.parameters import Query as FormatQuery
from ticker_converter.queries import clock, indicators, performers, screen, summary
from ticker_converter.queries.result import Result

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(each_once)],
    route_class=Guarded,
    responses=schemas.DATA,
    tags=["analytics"],
)

_CURRENCY = Field(description="Currency or price unit (GBX) of the answer.", examples=["GBP"])
_OPTIONAL = Field(
    None, description="Currency or price unit (GBX). Default: the listing's own.", examples=["GBP"]
)


class Asked(FormatQuery):
    """What every one of them takes."""

    known_at: Moment | None = Field(
        None, description="Answer as known then: a time, or a date for its end, UTC. Default: as known now."
    )
    max_age_days: int = Field(
        7, ge=0, le=36525, description="Age in calendar days past which a rate is no answer."
    )


class PerformersQuery(Asked):
    """Of /v1/performers."""

    currency: Unit = _CURRENCY
    window: Literal["1d", "5d", "30d", "ytd"] = Field(
        "1d", description="Sessions back, or from the last session of the year before."
    )
    limit: int = Field(10, ge=1, le=100_000, description="How many.")
    kind: Literal["gainers", "losers"] = Field("gainers", description="The best first, or the worst.")
    on: Day | None = Field(None, description="As of this day. Default: the newest stored session.")
    adjust: Literal["splits", "all"] = Field("splits", description="Without dividends, or with them (all).")


class ScreenQuery(Asked):
    """Of /v1/screen."""

    currency: Unit = _CURRENCY
    min_price: Number | None = Field(None, description="At least this much.")
    max_price: Number | None = Field(None, description="At most this much.")
    on: Day | None = Field(None, description="The last session on or before it. Default: today, UTC.")


class SummaryQuery(Asked):
    """Of /v1/summary."""

    currency: Unit | None = _OPTIONAL
    on: Day | None = Field(
        None, description="Each exchange's last session on or before it. Default: today, UTC."
    )
    adjust: Literal["splits", "all"] = Field("splits", description="Without dividends, or with them (all).")


class IndicatorsQuery(Asked):
    """Of /v1/indicators/{symbol}."""

    names: str = Field(
        ",".join(indicators.NAMES), max_length=2000,
        description="sma:N, ema:N, rsi:N, macd[:FAST:SLOW:SIGNAL], volatility:N, volatility_annual:N, drawdown, "
        "beta:SYMBOL:N, bollinger:N[:WIDTH], volume:N; several with commas.",
    )  # fmt: skip
    currency: Unit | None = _OPTIONAL
    first: Day | None = Field(None, alias="from", description="First day. Default: the first stored.")
    last: Day | None = Field(None, alias="to", description="Last day. Default: the last stored.")
    adjust: Literal["none", "splits", "all"] = Field(
        "splits", description="Adjusted for splits, or for splits and dividends (all)."
    )


class LeftOut(schemas.Shape):
    symbol: str
    date: Date | None = Field(description="Of its last session on or before the day.")
    reason: str = Field(examples=["no_rate"])


class Performer(schemas.Shape):
    symbol: str
    date: Date
    rank: int
    base_date: Date = Field(description="The session from which it is measured.")
    close: schemas.Exact
    local: schemas.Exact = Field(description="Return of the price in the listing's currency.")
    fx: schemas.Exact = Field(description="Return of the listing's currency.")
    total: schemas.Exact


class Performers(schemas.Shape):
    currency: str
    window: Literal["1d", "5d", "30d", "ytd"]
    kind: Literal["gainers", "losers"]
    on: Date
    adjust: Literal["splits", "all"]
    left_out: list[LeftOut]
    performers: list[Performer]


class Screened(schemas.Shape):
    symbol: str
    date: Date
    close: schemas.Exact
    local_close: schemas.Exact = Field(description="As traded, in `unit`.")
    unit: str
    rate: schemas.Exact
    rate_date: Date | None
    source: str


class Screen(schemas.Shape):
    currency: str
    on: Date
    min_price: schemas.Exact | None
    max_price: schemas.Exact | None
    left_out: list[LeftOut]
    screen: list[Screened]


class Whole(schemas.Shape):
    """Returns are in the currency asked for, else in each listing's own."""

    instruments: int = Field(description="With a bar on the session.")
    advancers: int = Field(description="By the price in its own currency.")
    decliners: int
    unchanged: int
    compared: int = Field(description="With a return in the currency.")
    average_return: schemas.Exact | None
    median_return: schemas.Exact | None
    turnover: schemas.Exact | None = Field(None, description="Raw close x volume; of all only with currency.")
    without_turnover: int = Field(description="With a bar and without a volume, or without a rate.")
    best: str | None
    best_return: schemas.Exact | None
    worst: str | None
    worst_return: schemas.Exact | None
    left_out: int = Field(description="Not in the returns.")


class Group(Whole):
    exchange: str | None
    listing_currency: str | None
    date: Date | None


class Missed(LeftOut):
    exchange: str | None


class Summary(schemas.Shape):
    currency: str | None
    on: Date
    adjust: Literal["splits", "all"]
    whole: Whole
    left_out: list[Missed]
    summary: list[Group]


class Session(BaseModel):
    """And one number or null per indicator, called as it was asked for."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, schemas.Exact | None]

    date: Date
    close: schemas.Exact | None
    missing: Literal["no_rate", "rate_too_old", "no_dividend_rate"] | None


class Indicators(schemas.Shape):
    symbol: str
    currency: str
    listing_unit: str
    adjust: Literal["none", "splits", "all"]
    indicators: list[Session]


@router.get("/performers", response_model=Performers, summary="Gainers and losers")
def get_performers(request: Request, query: Annotated[PerformersQuery, Query()]) -> Response:
    """The watch list by total return in one currency."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            found = performers.performers(
                conn, currency=query.currency, window=query.window, limit=query.limit, on=query.on, adjust=query.adjust,
                kind=query.kind, known_at=query.known_at, policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return _table(found)

        asked = ("performers", canonical(query), clock.listed(conn))
        return answer(request, settings, Edition.of(conn), query.format, asked, build)


@router.get("/screen", response_model=Screen, summary="What costs so much")
def get_screen(request: Request, query: Annotated[ScreenQuery, Query()]) -> Response:
    """Watched instruments by their last raw close, at its session's rate; both ends are included."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            found = screen.screen(
                conn, currency=query.currency, min_price=query.min_price, max_price=query.max_price, on=query.on,
                known_at=query.known_at, policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return _table(found)

        asked = ("screen", canonical(query), clock.listed(conn))
        return answer(request, settings, Edition.of(conn), query.format, asked, build)


@router.get("/summary", response_model=Summary, summary="A day at a glance")
def get_summary(request: Request, query: Annotated[SummaryQuery, Query()]) -> Response:
    """Risers, fallers, returns and turnover per exchange and currency."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            found = summary.summary(
                conn, currency=query.currency, on=query.on, adjust=query.adjust, known_at=query.known_at,
                policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return _table(found)

        asked = ("summary", canonical(query), clock.listed(conn))
        return answer(request, settings, Edition.of(conn), query.format, asked, build)


@router.get(
    "/indicators/{symbol}", response_model=Indicators, summary="Averages, volatility, drawdown and others"
)
def get_indicators(
    request: Request,
    symbol: Annotated[str, Path(max_length=64, description="In Yahoo's spelling.", examples=["AAPL"])],
    query: Annotated[IndicatorsQuery, Query()],
) -> Response:
    """Per session, computed over all that is stored: a day's value depends neither on `from` nor on later bars."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            found = indicators.indicators(
                conn, symbol, names=query.names.split(","), currency=query.currency, first=query.first,
                last=query.last, adjust=query.adjust, known_at=query.known_at,
                policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return _table(found, frozenset(found.columns[1:-1]))

        return answer(
            request, settings, Edition.of(conn), query.format, ("indicators", symbol, canonical(query)), build
        )


def _table(found: Result, numbers: frozenset[str] = frozenset()) -> Table:
    columns, rows = found.flat()
    return Table(found.as_dict(), columns, rows, numbers)
