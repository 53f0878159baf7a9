"""The routes of /v1 that change something: what they ask for is written into ops.request, and a worker does it.

The web process writes no data. What takes a moment (an answer, a correction) is waited for; else, and when no worker
runs, the answer is 202 with the address where the request can be followed and cancelled. An Idempotency-Key makes
asking again safe.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ticker_converter import errors
from ticker_converter.api import problems, schemas
from ticker_converter.api.access import Guarded, asked_by, caller_of
from ticker_converter.api.operate import RunLine
from ticker_converter.api.parameters import Day, Number, each_once
from ticker_converter.errors import NotThere, Usage
from ticker_converter.market import symbols
from ticker_converter.ops import request as requests
from ticker_converter.queries import status

#: Seconds for which an act that takes a moment is waited for, and between two looks.
WAIT, LOOK = 5.0, 0.05
_PRICES = ("open", "high", "low", "close", "volume")

_STATUS = (401, 403, 404, 409, 413, 422, 429, 500, 502, 503)
_PROBLEMS: dict[int | str, dict[str, Any]] = dict.fromkeys(_STATUS, schemas.PROBLEM)
router = APIRouter(
    prefix="/v1", dependencies=[Depends(each_once)], responses=_PROBLEMS, tags=["operate"], route_class=Guarded
)  # fmt: skip

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200,
        description="The same key with the same body asks once, however often it is sent.",
    ),
]  # fmt: skip
Reason = Annotated[str, Field(min_length=1, max_length=1000, description="Why; kept with the change.")]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewInstrument(Asked):
    """What --mic and --unit of the command `add` say; what is left out is asked of the provider."""

    symbol: str = Field(max_length=64, description="In Yahoo's spelling.", examples=["AAPL"])
    mic: str | None = Field(None, max_length=16, description="Its exchange.", examples=["XNAS"])
    unit: str | None = Field(None, max_length=16, description="The unit it is quoted in.", examples=["USD"])
    name: str | None = Field(None, max_length=200)
    provider: str = Field("alpha_vantage", max_length=64, description="Where its data come from.")


class Answer(Asked):
    """A person's answer to a row that was held back."""

    answer: Literal["accept", "reject", "rescale"]
    factor: Number | None = Field(None, description="With rescale: prices are multiplied by it.")
    all_like: bool = Field(False, description="The same for every held row like it.")
    reason: Reason


class Correction(Asked):
    """The right values of a stored bar; what is left out is as stored. With `release` the providers' own stand."""

    symbol: str = Field(max_length=64, examples=["AAPL"])
    date: Day
    open: Number | None = None
    high: Number | None = None
    low: Number | None = None
    close: Number | None = None
    volume: Number | None = None
    release: bool = False
    reason: Reason


class NewRun(Asked):
    """What to fetch; without anything the whole watch list."""

    symbols: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=1000)
    provider: str | None = Field(None, max_length=64, description="Calls to this provider only.")
    since: Day | None = None
    until: Day | None = None


class Decided(schemas.Shape):
    run_id: int
    decided: list[int] = Field(description="The rows answered.")
    inserted: int
    unchanged: int
    revised: int
    outranked: int


class Report(schemas.Shape):
    """read = inserted + unchanged + revised + outranked + quarantined."""

    run_id: int
    read: int
    inserted: int
    unchanged: int
    revised: int
    outranked: int
    quarantined: int
    calls: dict[str, int]
    remaining: int


class Failure(schemas.Shape):
    type: str
    title: str
    status: int
    detail: str


class Requested(schemas.Shape):
    """What was asked of the worker, and how it goes."""

    id: UUID
    act: Literal["sync", "add", "answer", "correct"]
    state: Literal["queued", "running", "done", "partly", "failed", "cancelled"]
    author: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancelling: bool = Field(description="It was told to end and has not yet.")
    run_id: int | None = Field(description="The run that does it, once it has begun.")
    progress: str | None = Field(description="What it does at this moment.")
    result: dict[str, Any] | None
    problem: Failure | None


class Run(RunLine):
    arguments: dict[str, Any]
    report: dict[str, Any] | None


_LATER: dict[int | str, dict[str, Any]] = {
    202: {
        "model": Requested, "description": "Asked for and not over: follow Location",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "The request's address."}},
    }
}  # fmt: skip
RunId = Annotated[
    str,
    Path(max_length=36, description="The id of a request, or the number of a run.", examples=["42"]),
]


@router.post("/instruments", response_model=schemas.Instrument, responses=_LATER, summary="Watch a symbol")
async def post_instrument(
    request: Request, given: Annotated[NewInstrument, Body()], key: Key = None
) -> Response:
    """Put a symbol on the watch list; one that is on it already is changed."""
    symbols.check_symbol(given.symbol)
    return await _done_soon(request, "add", given.model_dump(exclude_none=True), key)


@router.post("/quarantine/{id}", response_model=Decided, responses=_LATER, summary="Answer a held row")
async def post_quarantine(
    request: Request, id: Annotated[int, Path(ge=1, le=2**31 - 1)], given: Annotated[Answer, Body()], key: Key = None
) -> Response:  # fmt: skip
    """Take it as it is, leave it out, or take it with its prices multiplied."""
    if (given.answer == "rescale") != (given.factor is not None):
        raise Usage("factor: it goes with the answer rescale, and rescale with a factor such as 0.01 or 100")
    told = given.model_dump(exclude={"factor"}) | {"id": id}
    return await _done_soon(
        request, "answer", told | ({"factor": str(given.factor)} if given.factor is not None else {}), key
    )


@router.post("/corrections", response_model=Report, responses=_LATER, summary="Correct a stored bar")
async def post_correction(
    request: Request, given: Annotated[Correction, Body()], key: Key = None
) -> Response:
    """A correction stands against every import until it is released."""
    symbols.check_symbol(given.symbol)
    fields = {name: str(value) for name in _PRICES if (value := getattr(given, name)) is not None}
    if given.release and fields:
        raise Usage("release: it takes no prices; the providers' own stand again")
    if not given.release and not fields:
        raise Usage("nothing to correct: give close, open, high, low or volume")
    told = {
        "symbol": given.symbol, "date": given.date.isoformat(), "fields": fields, "release": given.release,
        "reason": given.reason,
    }  # fmt: skip
    return await _done_soon(request, "correct", told, key)


@router.post("/runs", response_model=Requested, status_code=202, responses=_LATER, summary="Start a sync")
async def post_run(
    request: Request, given: Annotated[NewRun | None, Body()] = None, key: Key = None
) -> Response:
    """Fetch what is missing, outside the web process; `Location` tells how it goes."""
    given = given or NewRun(provider=None)
    for symbol in given.symbols:
        symbols.check_symbol(symbol)
    if given.since and given.until and given.since > given.until:
        raise Usage(f"since: {given.since} is after until, {given.until}")
    told = given.model_dump(mode="json", exclude_none=True)
    return _shown(await _asked(request, "sync", told, key), 202)


@router.get("/runs/{id}", response_model=Requested | Run, summary="A request, or a run")
async def get_run(request: Request, id: RunId) -> Response:
    """How far a request is and what came of it; or, by its number, any past run with its report."""
    if id.isascii() and id.isdigit() and len(id) < 10:
        return await run_in_threadpool(_run, request, int(id))
    return _shown(await run_in_threadpool(_look, request, _uuid(id)), 200)


@router.delete("/runs/{id}", response_model=Requested, summary="Cancel a request")
async def delete_run(request: Request, id: RunId) -> Response:
    """What waits ends at once, what runs at its next step; what it has loaded stays."""
    wanted, author = _uuid(id), caller_of(request).author

    def cancel() -> dict[str, Any]:
        with request.app.state.accounts.lent(asked_by(request)) as conn:
            return requests.cancel(conn, wanted, author)

    return _shown(await run_in_threadpool(cancel), 200)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotThere("There is no request of that id.") from None


def _look(request: Request, request_id: UUID) -> dict[str, Any]:
    with request.app.state.accounts.lent(asked_by(request)) as conn:
        return requests.get(conn, request_id)


def _run(request: Request, run_id: int) -> Response:
    with request.app.state.readers.snapshot() as conn:
        return _json(status.run(conn, run_id), 200)


async def _asked(request: Request, act: str, told: dict[str, Any], key: str | None) -> dict[str, Any]:
    author = caller_of(request).author

    def ask() -> dict[str, Any]:
        with request.app.state.accounts.lent(asked_by(request)) as conn:
            return requests.get(conn, requests.ask(conn, act, told, author, key))

    return await run_in_threadpool(ask)


async def _done_soon(request: Request, act: str, told: dict[str, Any], key: str | None) -> Response:
    """Ask for it, and wait a little for its end."""
    found = await _asked(request, act, told, key)
    until = time.monotonic() + WAIT
    while found["state"] in requests.OPEN and time.monotonic() < until:
        await asyncio.sleep(LOOK)
        found = await run_in_threadpool(_look, request, found["request_id"])
    if found["state"] == "done":
        return _json(found["result"], 200)
    if found["error"] is not None:
        problem, detail = _problem(found)
        return problems.document(request, problem, detail)
    return _shown(found, 202)


def _shown(found: dict[str, Any], status_code: int) -> Response:
    """A request as `Requested`."""
    failure = None
    if found["error"] is not None:
        problem, detail = _problem(found)
        failure = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": detail}
    shown = {"id": found["request_id"]} | {
        name: found[name] for name in Requested.model_fields if name not in ("id", "problem")
    }
    headers = {"Location": f"/v1/runs/{found['request_id']}"}
    if found["state"] in requests.OPEN:
        headers["Retry-After"] = "1"
    return _json({**shown, "problem": failure}, status_code, headers)


def _problem(found: dict[str, Any]) -> tuple[problems.Problem, str]:
    """What the worker met, in the words that a caller may read."""
    kind = getattr(errors, found["error"], errors.TickerConverterError)
    problem = problems.problem_of(kind)
    return problem, problem.said or problems.in_api_words(found["message"] or problem.title)


_encode = msgspec.json.Encoder(decimal_format="number").encode


def _json(body: Any, status_code: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        _encode(body), status_code, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )
