"""The routes of /v1 that pages are drawn from: the watch list with its last move and a small curve, the times at which
what is known of an instrument changed, and the calls that providers were sent."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from ticker_converter.api import paging, schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.answers import Edition, answer_by_content, canonical, digest, policy
from ticker_converter.api.formats import Table
from ticker_converter.api.parameters import Paged, Unit, each_once
from ticker_converter.api.parameters import Query as FormatQuery
from ticker_converter.api.problems import address
from ticker_converter.queries import calls, knowledge, watch
from ticker_converter.queries.result import Result

router = APIRouter(
    prefix="/v1", dependencies=[Depends(each_once)], responses=schemas.DATA, route_class=Guarded
)  # fmt: skip


class WatchQuery(Paged):
    """Of /v1/watch."""

    currency: Unit = Field(description="Currency or price unit (GBX) of the answer.", examples=["GBP"])
    find: str | None = Field(
        None, min_length=1, max_length=64, description="A text in the symbol or the name."
    )
    bars: int = Field(30, ge=0, le=260, description="How many closes `spark` has at most.")
    max_age_days: int = Field(
        7, ge=0, le=36525, description="Age in calendar days past which a rate is no answer."
    )


class TimesQuery(FormatQuery):
    """Of /v1/known/{symbol}."""

    limit: int = Field(1000, ge=1, le=10_000, description="How many, the newest first.")


class Watched(schemas.Shape):
    symbol: str
    name: str | None
    mic: str | None
    kind: str
    unit: str | None = Field(description="Of `close`.")
    date: Date | None = Field(description="The last stored session.")
    close: schemas.Exact | None = Field(description="As traded.")
    value: schemas.Exact | None = Field(description="The same in the currency, at that session's rate.")
    rate: schemas.Exact | None
    rate_date: Date | None
    source: str | None = Field(description="Of the rate.")
    base_date: Date | None = Field(description="The session before, from which the move is measured.")
    local: schemas.Exact | None = Field(description="Return of the price in the listing's currency.")
    fx: schemas.Exact | None = Field(description="Return of the listing's currency.")
    total: schemas.Exact | None
    missing: Literal["no_price", "too_few_sessions", "no_rate", "rate_too_old"] | None
    sessions_behind: int | None = Field(description="Closed sessions of its exchange after the last stored.")
    spark: list[schemas.Exact | None] | None = Field(
        description="The last closes in the currency, without splits, of 6 digits: to be drawn, not to be added."
    )


class WatchList(schemas.Shape):
    currency: str
    count: int = Field(description="Rows on all pages.")
    next: str | None = Field(None, description="Address of the next page; with limit only.")
    watch: list[Watched]


class KnownTime(schemas.Shape):
    known_at: datetime
    bars: int = Field(description="That came or changed then.")


class Known(schemas.Shape):
    symbol: str
    times: list[KnownTime]


class Calls(schemas.Shape):
    provider: str
    day: int = Field(description="In the last 24 hours.")
    week: int = Field(description="In the last 7 days.")
    month: int = Field(description="In the last 30 days.")
    last: datetime
    daily_limit: int | None = Field(description="As configured; null: not told to the web service.")
    left: int | None = Field(description="Of the last 24 hours.")
    spent_at: datetime | None = Field(
        description="When the limit is reached at the pace of the last 24 hours; null: not within a day."
    )


@router.get("/watch", response_model=WatchList, tags=["instruments"], summary="The watch list, valued")
def get_watch(request: Request, query: Annotated[WatchQuery, Query()]) -> Response:
    """By symbol, with the last close as traded and converted, and the parts of the last move."""
    settings = request.app.state.settings
    same = canonical(query)
    del same["cursor"], same["limit"]
    mark = digest(address(request), same)
    after = paging.decode(query.cursor, mark).after if query.cursor is not None else None
    with request.app.state.readers.snapshot() as conn:
        edition = Edition.of(conn)
        found = watch.watch(
            conn, currency=query.currency, find=query.find, after=after, limit=query.limit, bars=query.bars,
            policy=policy(settings, query.max_age_days),
        )  # fmt: skip
    following = None
    if found.more:
        cursor = paging.Cursor(mark, found.rows[-1][0], None)
        following = paging.link(address(request), request.query_params.multi_items(), cursor)
    document = found.as_dict()
    if query.limit is not None:
        document["next"] = following
    columns, rows = found.flat()
    return answer_by_content(
        request,
        settings,
        edition,
        query.format,
        Table(document, columns, rows, frozenset({"value"})),
        following,
    )


@router.get(
    "/known/{symbol}", response_model=Known, tags=["instruments"], summary="When what is known changed"
)
def get_known(
    request: Request,
    symbol: Annotated[str, Path(max_length=64, description="In Yahoo's spelling.", examples=["AAPL"])],
    query: Annotated[TimesQuery, Query()],
) -> Response:
    """The times worth giving as `known_at`: between two of them every answer is the same, but for rates."""
    with request.app.state.readers.snapshot() as conn:
        edition, found = Edition.of(conn), knowledge.known_times(conn, symbol, query.limit)
    return _answer(request, edition, query, found)


@router.get("/calls", response_model=list[Calls], tags=["operate"], summary="Calls that providers were sent")
def get_calls(request: Request, query: Annotated[FormatQuery, Query()]) -> Response:
    """Counted from the ledger of quotas. The ledger's own limits, and what is left of them, are said by `status`."""
    settings = request.app.state.settings
    with request.app.state.readers.snapshot() as conn:
        edition = Edition.of(conn)
        found = calls.calls(conn, {"alpha_vantage": settings.alpha_vantage_daily_limit})
    columns = list(Calls.model_fields)
    table = Table(found, columns, [[one[name] for name in columns] for one in found])
    return answer_by_content(request, settings, edition, query.format, table)


def _answer(request: Request, edition: Edition, query: FormatQuery, found: Result) -> Response:
    columns, rows = found.flat()
    table = Table(found.as_dict(), columns, rows)
    return answer_by_content(request, request.app.state.settings, edition, query.format, table)
