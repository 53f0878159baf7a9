"""POST /v1/auth/token: a password or a refresh token for an access token, as OAuth2 has it (RFC 6749, 4.3 and 6).

An answer is kept by nobody. Wrong names and wrong passwords get one answer, after the same time.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ticker_converter.access import login, scopes
from ticker_converter.api import schemas
from ticker_converter.api.access import Guarded, asked_by
from ticker_converter.api.parameters import each_once
from ticker_converter.errors import Usage

router = APIRouter(
    prefix="/v1/auth",
    tags=["access"],
    dependencies=[Depends(each_once)],
    responses={**dict.fromkeys((401, 413, 422, 429, 500, 503), schemas.PROBLEM)},
    route_class=Guarded,
)


class Grant(BaseModel):
    """What is given for a token. Fields that OAuth2 clients send beside these are passed over, as RFC 6749 asks."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    grant_type: Literal["password", "refresh_token"] = Field(description="What is given for the token.")
    username: str | None = Field(None, max_length=200, description="With the grant password.")
    password: str | None = Field(None, max_length=2000, description="With the grant password.")
    refresh_token: str | None = Field(
        None, max_length=200, description="With the grant refresh_token; it is good once."
    )
    scope: str | None = Field(
        None, max_length=200, description="With the grant password: fewer scopes than the user has."
    )


class Token(schemas.Shape):
    access_token: str = Field(description="For the header Authorization: Bearer.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.", examples=[1800])
    refresh_token: str = Field(description="Good once, for the next access token.")
    scope: str = Field(examples=["read operate"])


@router.post("/token", response_model=Token, summary="An access token")
def post_token(request: Request, given: Annotated[Grant, Form()]) -> Response:
    """By user name and password, or by the refresh token of the answer before."""
    settings, days = request.app.state.settings, request.app.state.settings.jwt_refresh_expire_days
    signer = request.app.state.keeper.signer
    with request.app.state.logins.lent(asked_by(request)) as conn:
        if given.grant_type == "refresh_token":
            if not given.refresh_token:
                raise Usage("refresh_token: is required")
            session = login.refresh(conn, given.refresh_token, days)
        else:
            if given.username is None or given.password is None:
                raise Usage("username and password: are required")
            wanted = scopes.parsed([given.scope]) if given.scope else None
            client = request.client.host if request.client else ""
            session = login.password(conn, given.username, given.password, client, days, wanted)
    body = {
        "access_token": signer.sign(session.user_id, session.scopes), "token_type": "Bearer",
        "expires_in": settings.jwt_access_token_expire_minutes * 60, "refresh_token": session.refresh_token,
        "scope": " ".join(session.scopes),
    }  # fmt: skip
    return Response(
        msgspec.json.encode(body), headers={"Cache-Control": "no-store"}, media_type="application/json"
    )
