"""The admin's route to the audit trail. Never cached: it has no version of the data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ticker_converter import audit
from ticker_converter.api import schemas
from ticker_converter.api.access import Guarded, asked_by
from ticker_converter.api.parameters import each_once

router = APIRouter(
    prefix="/v1", dependencies=[Depends(each_once)], route_class=Guarded, tags=["admin"],
    responses=dict.fromkeys((401, 403, 422, 429, 500, 503), schemas.PROBLEM),
)  # fmt: skip


class AuditQuery(BaseModel):
    """Of /v1/audit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: int = Field(
        0, ge=0, lt=2**63, description="Events past this number: the last one of the page before."
    )
    limit: int = Field(100, ge=1, le=1000, description="How many, oldest first.")
    act: str | None = Field(
        None,
        max_length=60,
        description="This act, or all that begin with it and a dot: `key`, `act.correct`.",
    )
    actor: str | None = Field(None, max_length=200, description="A user's name, or an actor as listed.")
    request_id: str | None = Field(None, max_length=200, description="Of one request.")
    since: datetime | None = Field(None, description="From this time on.")
    until: datetime | None = Field(None, description="Before this time.")


class Event(schemas.Shape):
    id: int
    at: datetime
    actor: str = Field(description="user:ID, key and its id, or a login of the host.")
    name: str | None = Field(description="The user's name, as it is now.")
    role: str = Field(description="The role that the database knew.")
    act: str = Field(examples=["act.correct"])
    subject: str | None
    detail: dict[str, Any]
    origin: str | None = Field(description="The network or the process it came from.")
    request_id: str | None
    before_sha256: str | None
    after_sha256: str | None
    sha256: str = Field(description="Of the event, which holds the hash of the one before.")


@router.get("/audit", response_model=list[Event], summary="Who did what")
def get_audit(request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """Oldest first. `ticker-converter audit verify` proves that the trail is whole."""
    words = {
        name: text.replace("\0", "") for name, text in query.model_dump().items() if isinstance(text, str)
    }
    with request.app.state.accounts.lent(asked_by(request)) as conn:
        found = audit.events(
            conn, after=query.after, number=query.limit, since=query.since, until=query.until, **words
        )
    return Response(
        msgspec.json.encode(found, enc_hook=str),
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )
