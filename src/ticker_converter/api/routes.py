"""The routes of /v1 that read: prices, rates, conversions and the watch list. Each is one query in one snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ticker_converter.api import paging, schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.answers import Edition, answer, answer_by_content, canonical, digest, policy
from ticker_converter.api.formats import Table
from ticker_converter.api.parameters import (
    ConvertQuery,
    InstrumentsQuery,
    Paged,
    PricesQuery,
    RatesQuery,
    SectionQuery,
    each_once,
)
from ticker_converter.api.parameters import Query as FormatQuery
from ticker_converter.api.pool import Readers
from ticker_converter.api.problems import address
from ticker_converter.queries import clock, conversion, instruments, prices, section
from ticker_converter.queries.result import Result
from ticker_converter.settings import Settings

Symbol = Annotated[str, Path(max_length=64, description="In Yahoo's spelling.", examples=["AAPL", "VOD.L"])]
Currency = Annotated[str, Path(max_length=16, examples=["EUR"])]


router = APIRouter(
    prefix="/v1", dependencies=[Depends(each_once)], responses=schemas.DATA, route_class=Guarded
)  # fmt: skip


@router.get("/prices", response_model=schemas.Section, tags=["prices"], summary="One session of several")
def get_section(request: Request, query: Annotated[SectionQuery, Query()]) -> Response:
    """The bars of one day in one currency, in the order asked for; what has none is in `left_out` with the reason."""
    settings = _settings(request)
    with _readers(request).snapshot() as conn:

        def build() -> Table:
            found = section.section(
                conn, query.symbols.split(","), currency=query.currency, on=query.on, adjust=query.adjust,
                known_at=query.known_at, policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            return Table(found.as_dict(), *found.flat())

        asked = ("section", canonical(query), clock.listed(conn))
        return answer(request, settings, Edition.of(conn), query.format, asked, build)


@router.get("/prices/{symbol}", response_model=schemas.Prices, tags=["prices"], summary="Converted prices")
def get_prices(request: Request, symbol: Symbol, query: Annotated[PricesQuery, Query()]) -> Response:
    """Bars of one instrument, every one at its own session's rate."""
    settings = _settings(request)
    with _readers(request).snapshot() as conn:
        edition = Edition.of(conn)
        pages = Pages(request, query, edition, query.known_at)

        def build() -> tuple[Table, str | None]:
            return pages.of(
                prices.prices(
                    conn, symbol, currency=query.currency, first=query.first, last=query.last, adjust=query.adjust,
                    interval=query.interval, known_at=pages.known_at, policy=policy(settings, query.max_age_days),
                    receipts=query.receipts,
                )
            )  # fmt: skip

        return answer(request, settings, edition, query.format, ("prices", symbol, canonical(query)), build)


@router.get("/rates/{base}/{quote}", response_model=schemas.Rates, tags=["rates"], summary="A rate series")
def get_rates(
    request: Request, base: Currency, quote: Currency, query: Annotated[RatesQuery, Query()]
) -> Response:
    """The rates as converted with, one row per calendar day."""
    settings = _settings(request)
    with _readers(request).snapshot() as conn:
        edition = Edition.of(conn)
        pages = Pages(request, query, edition, query.known_at)

        def build() -> tuple[Table, str | None]:
            return pages.of(
                conversion.rates(
                    conn, base, quote, first=query.first, last=query.last, known_at=pages.known_at,
                    policy=policy(settings, query.max_age_days),
                )
            )  # fmt: skip

        return answer(
            request, settings, edition, query.format, ("rates", base, quote, canonical(query)), build
        )


@router.get(
    "/convert", response_model=schemas.Conversion, tags=["rates"], summary="One conversion with its receipt"
)
def get_convert(request: Request, query: Annotated[ConvertQuery, Query()]) -> Response:
    """An amount in another currency or price unit, at the rate of a day."""
    settings = _settings(request)
    with _readers(request).snapshot() as conn:

        def build() -> Table:
            done = conversion.convert(
                conn, query.amount, query.source, query.target, on=query.on, rate_lag=query.rate_lag,
                known_at=query.known_at, policy=policy(settings, query.max_age_days),
            )  # fmt: skip
            receipt = {name: done.receipt[name] for name in _OF_RECEIPT}
            return Table(
                done.as_dict(),
                ["amount", "result", *receipt],
                [[done.amount, done.result, *receipt.values()]],
            )

        return answer(request, settings, Edition.of(conn), query.format, ("convert", canonical(query)), build)


@router.get(
    "/instruments", response_model=list[schemas.Instrument], tags=["instruments"], summary="The watch list"
)  # fmt: skip
def get_instruments(request: Request, query: Annotated[InstrumentsQuery, Query()]) -> Response:
    """With coverage and freshness. The next page is in the Link header."""
    with _readers(request).snapshot() as conn:
        edition = Edition.of(conn)
        found = instruments.instruments(conn, watched_only=not query.all)
    pages = Pages(request, query, edition, None)
    rows, following = pages.cut(found, [one["symbol"] for one in found])
    table = Table(rows, _COLUMNS, [[one[name] for name in _COLUMNS] for one in rows])
    return answer_by_content(request, _settings(request), edition, query.format, table, following)


@router.get(
    "/instruments/{symbol}", response_model=schemas.Instrument, tags=["instruments"], summary="One instrument"
)  # fmt: skip
def get_instrument(request: Request, symbol: Symbol, query: Annotated[FormatQuery, Query()]) -> Response:
    """With coverage and freshness."""
    with _readers(request).snapshot() as conn:
        edition = Edition.of(conn)
        found = instruments.instrument(conn, symbol)
    shown = {name: found[name] for name in _COLUMNS}
    return answer_by_content(
        request, _settings(request), edition, query.format, Table(shown, _COLUMNS, [list(shown.values())])
    )


_COLUMNS = list(schemas.Instrument.model_fields)
_OF_RECEIPT = ("from", "to", "on", "rate", "rate_date", "age_days", "source", "known_at")


class Pages:
    """The page that a request asks for. Its knowledge time is the request's, else that of the first page."""

    def __init__(self, request: Request, query: Paged, edition: Edition, known_at: datetime | None) -> None:
        self._request, self._limit = request, query.limit
        same = canonical(query)
        del same["cursor"], same["limit"]
        self._digest = digest(address(request), same)
        cursor = paging.decode(query.cursor, self._digest) if query.cursor is not None else None
        self._after = cursor.after if cursor else None
        begun = cursor.known_at if cursor else edition.published_at
        self._pinned = begun
        # What is known now needs no search among the revisions.
        self.known_at = known_at or (begun if begun != edition.published_at else None)

    def of(self, result: Result) -> tuple[Table, str | None]:
        """That page of a result whose first column is the day, and the next page's address."""
        rows, following = self.cut(result.rows, [row[0].isoformat() for row in result.rows])
        if self._limit is not None:
            result = replace(result, head={**result.head, "next": following})
        result = replace(result, rows=rows)
        columns, flat = result.flat()
        return Table(result.as_dict(), columns, flat), following

    def cut(self, rows: Any, keys: list[str]) -> tuple[Any, str | None]:
        """The rows of the page, and the next page's address."""
        shown, last = paging.page(rows, keys, self._limit, self._after)
        if last is None:
            return shown, None
        cursor = paging.Cursor(self._digest, last, self._pinned)
        return shown, paging.link(address(self._request), self._request.query_params.multi_items(), cursor)


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _readers(request: Request) -> Readers:
    found: Readers = request.app.state.readers
    return found
