"""The routes of /v1 for who runs the warehouse: how fresh it is, what ran, what was held back, what is missing."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from ticker_converter.api import schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.answers import Edition, answer_by_content
from ticker_converter.api.formats import Table
from ticker_converter.api.parameters import Paged, each_once
from ticker_converter.api.parameters import Query as FormatQuery
from ticker_converter.api.routes import Pages
from ticker_converter.ops import quota
from ticker_converter.ops import request as requests
from ticker_converter.queries import quality, status
from ticker_converter.queries.quarantine import FIELDS, quarantine

router = APIRouter(
    prefix="/v1", dependencies=[Depends(each_once)], responses=schemas.DATA, tags=["operate"], route_class=Guarded
)  # fmt: skip

State = Literal["held", "accepted", "rejected", "rescaled", "superseded"]


class RunsQuery(FormatQuery):
    """Of /v1/runs."""

    limit: int = Field(50, ge=1, le=1000, description="How many, the newest first.")


class QuarantineQuery(Paged):
    """Of /v1/quarantine."""

    state: State | None = Field(None, description="Those in this state only.")
    symbol: str | None = Field(
        None, max_length=64, description="Of this symbol, or pair such as EUR/USD, only."
    )
    reason: str | None = Field(None, max_length=64, description="Held for this reason only.")
    run_id: int | None = Field(None, ge=1, le=2**31 - 1, description="Of this run only.")


class GapsQuery(FormatQuery):
    """Of /v1/gaps."""

    symbol: str | None = Field(None, max_length=64, description="Of this symbol only.")


class RunLine(schemas.Shape):
    run_id: int
    command: str
    state: Literal["running", "done", "partly", "failed"]
    started_at: datetime
    finished_at: datetime | None
    message: str | None


class Fresh(schemas.Shape):
    symbol: str
    providers: list[str]
    last_session: Day | None
    bars: int
    sessions_behind: int | None


class Quota(schemas.Shape):
    """Of one provider, over all its keys, as the worker last noted it."""

    provider: str
    calls_left: int | None = Field(description="Null: it states no limit.")
    calls_today: int = Field(description="Since its own midnight.")
    keys: int
    resets: datetime | None = Field(description="When more are free.")
    closed: str | None = Field(description="What it has closed, in its own words.")
    noted_at: datetime


class Status(schemas.Shape):
    """As the command `status` prints it."""

    release: str
    published_at: datetime | None
    version: int = Field(description="Of the data: it grows with every publish.")
    findings: int
    instruments: list[Fresh]
    rates: list[dict[str, Any]]
    runs: list[RunLine]
    quarantine: list[dict[str, Any]]
    backdated: list[dict[str, Any]]
    quota: list[Quota] = Field(description="Of each provider that is asked; empty where no worker has run.")
    requests: int = Field(description="Asked of the worker and not over.")


class Held(schemas.Shape):
    id: int
    symbol: str
    date: Day | None
    reason: str
    evidence: dict[str, Any]
    payload: int | None
    run_id: int
    state: State


class Gap(schemas.Shape):
    symbol: str | None = Field(description="Null: the exchange as a whole.")
    mic: str
    from_: Day = Field(alias="from")
    to: Day
    sessions: int
    held: int = Field(description="Days with a bar in quarantine.")
    everyone: bool = Field(description="No instrument of the exchange has any of them.")


@router.get("/status", response_model=Status, summary="Freshness, runs and what waits for a person")
def get_status(request: Request, query: Annotated[FormatQuery, Query()]) -> Response:
    """The state of the warehouse at a glance."""
    with request.app.state.readers.snapshot() as conn:
        edition = Edition.of(conn)
        found: dict[str, Any] = {"release": request.app.version, **status.status(conn)}
    with request.app.state.accounts.lent() as conn:
        found["quota"], found["requests"] = quota.noted(conn), len(requests.waiting(conn))
    return _answer(request, edition, query, Table(found, ["name", "content"], found.items()))


@router.get("/runs", response_model=list[RunLine], summary="Past runs")
def get_runs(request: Request, query: Annotated[RunsQuery, Query()]) -> Response:
    """The newest first."""
    with request.app.state.readers.snapshot() as conn:
        edition, found = Edition.of(conn), status.runs(conn, query.limit)
    return _answer(request, edition, query, _rows(found, list(RunLine.model_fields)))


@router.get("/quarantine", response_model=list[Held], summary="What was held back")
def get_quarantine(request: Request, query: Annotated[QuarantineQuery, Query()]) -> Response:
    """With the evidence. The next page is in the Link header."""
    with request.app.state.readers.snapshot() as conn:
        edition = Edition.of(conn)
        found = quarantine(
            conn, state=query.state, symbol=query.symbol, reason=query.reason, run_id=query.run_id
        )
    found.sort(key=lambda one: int(one["id"]))
    pages = Pages(request, query, edition, None)
    rows, following = pages.cut(found, [f"{one['id']:012d}" for one in found])
    return answer_by_content(
        request, request.app.state.settings, edition, query.format, _rows(rows, list(FIELDS)), following
    )


@router.get("/gaps", response_model=list[Gap], summary="Missing sessions")
def get_gaps(request: Request, query: Annotated[GapsQuery, Query()]) -> Response:
    """Against the calendars of the exchanges; nothing is ever filled in."""
    with request.app.state.readers.snapshot() as conn:
        edition, found = Edition.of(conn), quality.gaps(conn, query.symbol)
    names = [one.alias or name for name, one in Gap.model_fields.items()]
    return _answer(request, edition, query, _rows(found, names))


def _rows(found: list[dict[str, Any]], columns: list[str]) -> Table:
    return Table(found, columns, [[one[name] for name in columns] for one in found])


def _answer(request: Request, edition: Edition, query: FormatQuery, table: Table) -> Response:
    return answer_by_content(request, request.app.state.settings, edition, query.format, table)
