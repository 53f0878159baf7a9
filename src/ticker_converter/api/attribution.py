"""The routes of /v1 that say what a number is made of: returns, explain, actions, currencies. Each is read in one
snapshot and holds what the command of the same name prints."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from ticker_converter.api import schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.answers import Edition, answer, answer_by_content, canonical, policy
from ticker_converter.api.formats import Table
from ticker_converter.api.parameters import Day, Moment, Unit, each_once, once
from ticker_converter.api.parameters import Query as FormatQuery
from ticker_converter.errors import Usage
from ticker_converter.queries import actions, explain, returns

Symbol = Annotated[str, Path(max_length=64, description="In Yahoo's spelling.", examples=["AAPL", "VOD.L"])]

router = APIRouter(
    prefix="/v1", responses=schemas.DATA, tags=["attribution"], route_class=Guarded
)  # fmt: skip
_ONCE = [Depends(each_once)]

_OPTIONAL = Field(
    None, description="Currency or price unit (GBX). Default: the listing's own.", examples=["GBP"]
)
_MAX_AGE = Field(7, ge=0, le=36525, description="Age in calendar days past which a rate is no answer.")
_KNOWN_AT = Field(
    None, description="Answer as known then: a time, or a date for its end, UTC. Default: as known now."
)


class ReturnsQuery(FormatQuery):
    """Of /v1/returns/{symbol}."""

    currency: Unit | None = _OPTIONAL
    first: Day | None = Field(
        None, alias="from", description="Measured from the last session on or before it. Default: the first."
    )
    last: Day | None = Field(
        None, alias="to", description="To the last session on or before it. Default: the last."
    )
    adjust: Literal["splits", "all"] = Field("splits", description="Without dividends, or with them (all).")
    known_at: Moment | None = _KNOWN_AT
    max_age_days: int = _MAX_AGE


class ExplainQuery(FormatQuery):
    """Of /v1/explain/{symbol}: `from` and `to`, or `on` with `known_at` given twice."""

    currency: Unit = Field(description="Currency or price unit (GBX) of the numbers.", examples=["GBP"])
    first: Day | None = Field(None, alias="from", description="The first day, with `to`.")
    last: Day | None = Field(None, alias="to", description="The second day, with `from`.")
    on: Day | None = Field(None, description="The one day, with `known_at` given twice.")
    known_at: list[Moment] = Field(
        [],
        max_length=2,
        description="With `from` and `to` as above. With `on`, twice: the two times of knowing.",
    )
    adjust: Literal["none", "splits", "all"] = Field(
        "none", description="Adjusted for splits, or for splits and dividends (all)."
    )
    max_age_days: int = _MAX_AGE


class ActionsQuery(FormatQuery):
    """Of /v1/actions/{symbol}."""

    currency: Unit | None = Field(
        None, description="Dividends also in this currency or price unit, at the ex-date's rate.",
        examples=["GBP"],
    )  # fmt: skip
    known_at: Moment | None = _KNOWN_AT
    max_age_days: int = _MAX_AGE


class Attribution(schemas.Shape):
    """price + fx + cross = total, to the last digit."""

    price: schemas.Exact
    fx: schemas.Exact
    cross: schemas.Exact
    total: schemas.Exact


class Return(schemas.Shape):
    """From the session before to this one."""

    date: Date
    local: schemas.Exact | None = Field(description="Of the price in the listing's currency.")
    fx: schemas.Exact | None = Field(description="Of the listing's currency.")
    total: schemas.Exact | None
    missing: Literal["no_rate", "rate_too_old", "no_dividend_rate"] | None


class Returns(schemas.Shape):
    symbol: str
    currency: str
    adjust: Literal["splits", "all"]
    base: Date = Field(description="The session from which it is measured.")
    attribution: Attribution
    returns: list[Return]


class Side(schemas.Shape):
    """value = price x factor x rate."""

    on: Date
    known_at: datetime | None
    value: schemas.Exact
    price: schemas.Exact = Field(description="As traded, in units of the listing's currency.")
    factor: schemas.Exact
    rate: schemas.Exact
    session: Date = Field(description="Of the price.")
    rate_date: Date | None
    source: str = Field(description="Of the rate.")


class Parts(schemas.Shape):
    """They add up to the change, to the last digit."""

    price: schemas.Exact
    fx: schemas.Exact
    cross: schemas.Exact
    action: schemas.Exact
    price_revision: schemas.Exact
    rate_revision: schemas.Exact


class Explanation(schemas.Shape):
    from_: Side = Field(alias="from")
    to: Side
    change: schemas.Exact
    parts: Parts


class Action(schemas.Shape):
    ex_date: Date
    kind: Literal["split", "spinoff", "dividend"]
    value: str = Field(description="New shares per old, exactly, or cash per share.", examples=["4", "0.82"])
    unit: str | None = Field(description="Of a dividend.")
    pay_date: Date | None
    type: str | None
    source: str
    applied: bool | None = Field(
        description="Whether a stored session has reached the ex-date; null: no bars."
    )
    converted: schemas.Exact | None = Field(None, description="With currency only.")
    rate: schemas.Exact | None = Field(None, description="With currency only.")
    rate_date: Date | None = Field(None, description="With currency only.")
    missing: Literal["no_rate", "rate_too_old"] | None = Field(None, description="With currency only.")


class Actions(schemas.Shape):
    symbol: str
    currency: str | None
    actions: list[Action]


class Published(schemas.Shape):
    source: str
    first: Date
    last: Date
    rates: int


class Currency(schemas.Shape):
    code: str
    name: str
    valid_from: Date | None
    valid_to: Date | None
    successor: str | None
    factor: schemas.Exact | None = Field(description="So many of it are one of its successor.")
    effective: Date | None
    peg: str | None
    peg_rate: schemas.Exact | None
    sources: list[Published]


@router.get(
    "/returns/{symbol}", response_model=Returns, dependencies=_ONCE, summary="Price and currency apart"
)
def get_returns(request: Request, symbol: Symbol, query: Annotated[ReturnsQuery, Query()]) -> Response:
    """Local, currency and total return from each stored session to the next, and of the whole range."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            found = returns.returns(
                conn, symbol, currency=query.currency, first=query.first, last=query.last, adjust=query.adjust,
                known_at=query.known_at, policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return Table(found.as_dict(), *found.flat())

        return answer(
            request, settings, Edition.of(conn), query.format, ("returns", symbol, canonical(query)), build
        )


@router.get("/explain/{symbol}", response_model=Explanation, summary="Why a number changed")
def get_explain(request: Request, symbol: Symbol, query: Annotated[ExplainQuery, Query()]) -> Response:
    """The difference between two days, or between two times of knowing one, in parts that add up."""
    once(request, but="known_at")
    settings, known = request.app.state.settings, query.known_at
    dates = query.first is not None and query.last is not None and query.on is None and len(known) < 2
    beliefs = query.on is not None and len(known) == 2 and query.first is query.last is None
    if not dates and not beliefs:
        raise Usage("give from and to, or on with known_at twice")
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            converting = policy(settings, query.max_age_days)
            if query.first is not None and query.last is not None:
                found = explain.between_dates(
                    conn, symbol, currency=query.currency, first=query.first, last=query.last, adjust=query.adjust,
                    known_at=known[0] if known else None, policy=converting,
                )  # fmt: skip
            else:
                assert query.on is not None
                found = explain.between_beliefs(
                    conn, symbol, currency=query.currency, on=query.on, known_at=(known[0], known[1]),
                    adjust=query.adjust, policy=converting,
                )  # fmt: skip
            return Table(found, *explain.flat(symbol, found), frozenset({"value"}))

        return answer(
            request, settings, Edition.of(conn), query.format, ("explain", symbol, canonical(query)), build
        )


@router.get("/actions/{symbol}", response_model=Actions, dependencies=_ONCE, summary="Splits and dividends")
def get_actions(request: Request, symbol: Symbol, query: Annotated[ActionsQuery, Query()]) -> Response:
    """By ex-date; as CSV, Arrow or Parquet the ex-date is `date`."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:

        def build() -> Table:
            found = actions.actions(
                conn, symbol, currency=query.currency, known_at=query.known_at,
                policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return Table(found.as_dict(), *actions.flat(found))

        return answer(
            request, settings, Edition.of(conn), query.format, ("actions", symbol, canonical(query)), build
        )


@router.get(
    "/currencies", response_model=list[Currency], dependencies=_ONCE, summary="Currencies and their lives"
)  # fmt: skip
def get_currencies(request: Request, query: Annotated[FormatQuery, Query()]) -> Response:
    """With what became of each, its peg, and what is stored of it. In Arrow and Parquet its factors are text."""
    with request.app.state.readers.snapshot() as conn:
        edition = Edition.of(conn)
        found = actions.currencies(conn)
    columns = list(Currency.model_fields)
    table = Table(found, columns, [[one[name] for name in columns] for one in found])
    return answer_by_content(request, request.app.state.settings, edition, query.format, table)
