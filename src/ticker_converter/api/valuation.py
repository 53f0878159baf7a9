"""POST /v1/valuation: positions valued, as the command `value` does it.

The numbers of the body are read from their text: a quantity has every digit that was sent. Nothing of it is stored."""

from __future__ import annotations

import json
from datetime import date as Date
from decimal import Decimal
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from ticker_converter.api import formats, schemas
from ticker_converter.api.access import Guarded
from ticker_converter.api.answers import policy
from ticker_converter.api.formats import Table
from ticker_converter.api.parameters import Day, Moment, Number, Unit, each_once
from ticker_converter.api.parameters import Query as FormatQuery
from ticker_converter.queries.value import flat, value
from ticker_converter.queries.value_history import value_history

#: Bytes of a body: ten thousand positions are half a million.
LIMIT = 1024 * 1024

router = APIRouter(
    prefix="/v1", dependencies=[Depends(each_once)],
    responses={**schemas.DATA, 413: schemas.PROBLEM}, tags=["attribution"], route_class=Guarded,
)  # fmt: skip
router.responses.pop(304)


class Position(BaseModel):
    model_config = ConfigDict(extra="forbid")

    symbol: str = Field(
        min_length=1, max_length=64, description="CASH:USD is an amount of money.", examples=["AAPL"]
    )
    quantity: Number = Field(description="A number, or its text; negative when owed.")


class Held(BaseModel):
    """Positions, and how they are converted."""

    model_config = ConfigDict(extra="forbid")

    positions: list[Position] = Field(min_length=1, max_length=10_000)
    currency: Unit | None = Field(
        None, description="Currency or price unit (GBX) of the answer. Default: that of all positions.",
        examples=["GBP"],
    )  # fmt: skip
    known_at: Moment | None = Field(None, description="Answer as known then. Default: as known now.")
    max_price_age: int = Field(
        10, ge=0, le=100_000, description="Sessions past which a close is too old to value with."
    )
    max_age_days: int = Field(
        7, ge=0, le=36525, description="Age in calendar days past which a rate is no answer."
    )


class Positions(Held):
    """What is to be valued."""

    on: Day | None = Field(None, description="The day. Default: today, UTC.")


class Holdings(Held):
    """What is to be valued over time; quantities as held on the last day."""

    first: Day | None = Field(
        None, alias="from", description="First day. Default: the first stored session of any."
    )
    last: Day | None = Field(
        None, alias="to", description="Last day. Default: the last stored session of any."
    )
    interval: Literal["1d", "1w", "1mo"] = Field(
        "1w", description="Every day, Friday, or last day of a month."
    )


class Valued(schemas.Shape):
    symbol: str
    quantity: schemas.Exact
    price: schemas.Exact = Field(description="As traded, in `unit`; 1 of money.")
    price_date: Date | None
    unit: str
    rate: schemas.Exact
    rate_date: Date | None
    value: schemas.Exact


class Unvalued(schemas.Shape):
    symbol: str
    quantity: schemas.Exact
    reason: str = Field(examples=["no_rate"])
    local_value: schemas.Exact | None = Field(description="In `unit`, where a price exists.")
    unit: str | None


class Valuation(schemas.Shape):
    currency: str
    on: Date
    total: schemas.Exact = Field(description="Of the values shown.")
    covered_share: schemas.Exact = Field(description="Positions valued by positions given.")
    positions: list[Valued]
    left_out: list[Unvalued]


class Missed(schemas.Shape):
    symbol: str
    reason: str = Field(examples=["no_rate"])


class ValuedDay(schemas.Shape):
    date: Date
    total: schemas.Exact
    covered_share: schemas.Exact = Field(description="Positions valued by positions given.")
    left_out: list[Missed]


class ValueHistory(schemas.Shape):
    currency: str
    interval: Literal["1d", "1w", "1mo"]
    values: list[ValuedDay]


async def body(request: Request) -> bytes:
    """The body; 413 if it is larger than the limit."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LIMIT:
            raise HTTPException(413, f"A body has at most {LIMIT} bytes.")
    return bytes(found)


@router.post(
    "/valuation", response_model=Valuation, summary="Positions valued",
    openapi_extra={"requestBody": {
        "required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Positions"}}},
    }},
)  # fmt: skip
def post_valuation(
    request: Request, given: Annotated[bytes, Depends(body)], query: Annotated[FormatQuery, Query()]
) -> Response:
    """What cannot be valued is in `left_out` with the reason, never converted one to one."""
    asked = _read(Positions, given)
    settings = request.app.state.settings
    form = formats.choose(request.headers.get("accept"), query.format)
    with request.app.state.readers.snapshot() as conn:
        found = value(
            conn, [(one.symbol, one.quantity) for one in asked.positions], currency=asked.currency, on=asked.on,
            known_at=asked.known_at, max_price_age=asked.max_price_age, policy=policy(settings, asked.max_age_days),
        )  # fmt: skip
    return _answered(form, Table(found, *flat(found), frozenset({"value"})))


@router.post(
    "/valuation/history", response_model=ValueHistory, summary="Positions valued over time",
    openapi_extra={"requestBody": {
        "required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Holdings"}}},
    }},
)  # fmt: skip
def post_valuation_history(
    request: Request, given: Annotated[bytes, Depends(body)], query: Annotated[FormatQuery, Query()]
) -> Response:
    """As the valuation of each day; before a split there were as many times fewer shares."""
    asked = _read(Holdings, given)
    settings = request.app.state.settings
    form = formats.choose(request.headers.get("accept"), query.format)
    with request.app.state.readers.snapshot() as conn:
        found = value_history(
            conn, [(one.symbol, one.quantity) for one in asked.positions], currency=asked.currency,
            first=asked.first, last=asked.last, interval=asked.interval, known_at=asked.known_at,
            max_price_age=asked.max_price_age, policy=policy(settings, asked.max_age_days),
        )  # fmt: skip
    return _answered(form, Table(found.as_dict(), *found.flat(), frozenset({"covered_share"})))


def _answered(form: formats.Format, table: Table) -> Response:
    charset = "; charset=utf-8" if form is formats.CSV else ""
    headers = {"Content-Type": form.media_type + charset, "Cache-Control": "no-store"}
    return Response(formats.encode(form, table), headers=headers)


Given = TypeVar("Given", bound=Held)


def _read(shape: type[Given], given: bytes) -> Given:
    try:
        found = json.loads(
            given,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_each_once,
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise _wrong("body", "is no JSON, in UTF-8, of finite numbers and of names given once") from None
    if not isinstance(found, dict):
        raise _wrong("body", 'is no object such as {"positions": [{"symbol": "AAPL", "quantity": 10}]}')
    try:
        return shape.model_validate({name: _whole(each) for name, each in found.items()})
    except ValidationError as error:
        wrong = [{**one, "loc": (".".join(map(str, one["loc"])),)} for one in error.errors()]
        raise RequestValidationError(wrong) from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _whole(found: Any) -> Any:
    """A whole number of days as one. Any other stays text: pydantic would write out every digit of 1e999999999."""
    if not isinstance(found, Decimal):
        return found
    return int(found) if found.adjusted() < 9 and found == found.to_integral_value() else str(found)


def _wrong(where: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": (where,), "msg": message, "type": "value_error"}])
