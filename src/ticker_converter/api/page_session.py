"""/v1/auth/session: a page signs in, asks who is signed in, and signs out. The browser keeps the session in a cookie
that no script can read (cookies.py); the page keeps `csrf_token` in memory, and asks for it again after it was loaded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ticker_converter.access import login, sessions
from ticker_converter.access.scopes import SCOPES
from ticker_converter.api import cookies, schemas
from ticker_converter.api.access import Guarded, asked_by
from ticker_converter.api.parameters import each_once
from ticker_converter.errors import NotKnown

router = APIRouter(
    prefix="/v1/auth",
    tags=["access"],
    dependencies=[Depends(each_once)],
    responses={**dict.fromkeys((401, 403, 413, 422, 429, 500, 503), schemas.PROBLEM)},
    route_class=Guarded,
)
NOBODY = "Nobody is signed in."


class SignIn(BaseModel):
    """Who signs in. JSON alone: a form of another site cannot send it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(max_length=200)
    password: str = Field(max_length=2000)


class SignedIn(schemas.Shape):
    user: str
    scopes: list[Literal["read", "operate", "admin"]]
    csrf_token: str = Field(description="For X-CSRF-Token of every request that is not a GET.")
    expires_at: datetime


@router.post("/session", response_model=SignedIn, summary="Sign in, for a page")
def post_session(request: Request, given: Annotated[SignIn, Body()]) -> Response:
    """The answer sets the cookie."""
    cookies.of_this_site(request)
    settings = request.app.state.settings
    days = settings.jwt_refresh_expire_days
    client = request.client.host if request.client else ""
    with request.app.state.logins.lent(asked_by(request)) as conn:
        user_id, scopes = login.check(conn, given.username, given.password, client)
        token, expires_at = sessions.begin(conn, user_id, days)
    response = _answer(given.username, scopes, token, expires_at)
    cookies.keep(response, request, settings, token, days)
    return response


@router.get("/session", response_model=SignedIn, summary="Who is signed in")
async def get_session(request: Request) -> Response:
    """401 when nobody is."""
    token = cookies.given(request, request.app.state.settings)
    found = await request.app.state.keeper.session(token) if token else None
    if found is None or token is None:
        raise NotKnown(NOBODY)
    return _answer(found.name, [one for one in SCOPES if one in found.scopes], token, found.expires_at)


@router.delete("/session", status_code=204, response_class=Response, summary="Sign out")
async def delete_session(request: Request) -> Response:
    """The session ends and the cookie is dropped; 204 as well when there was none."""
    settings = request.app.state.settings
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    if (token := cookies.given(request, settings)) is not None:
        if await request.app.state.keeper.session(token) is not None:
            cookies.unforged(request, token)

        def end() -> None:
            with request.app.state.accounts.lent(asked_by(request)) as conn:
                sessions.end(conn, token)

        await run_in_threadpool(end)
        request.app.state.keeper.forget(token)
        cookies.drop(response, request, settings)
    return response


def _answer(user: str, scopes: list[str], token: str, expires_at: datetime) -> Response:
    body = {"user": user, "scopes": scopes, "csrf_token": sessions.csrf(token), "expires_at": expires_at}
    return Response(
        msgspec.json.encode(body), headers={"Cache-Control": "no-store"}, media_type="application/json"
    )
