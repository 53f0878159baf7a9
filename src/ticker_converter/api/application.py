"""The API as one ASGI application: routes, problems, middleware, and the connections they share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from ticker_converter import db
from ticker_converter.access import passwords
from ticker_converter.access.scopes import READ, SCOPES
from ticker_converter.api import (
    acting,
    analytics,
    attribution,
    auditing,
    auth,
    edge,
    formats,
    health,
    operate,
    page_session,
    problems,
    routes,
    schemas,
    valuation,
    watch,
)
from ticker_converter.api.access import Keeper
from ticker_converter.api.answers import page
from ticker_converter.api.cache import Bodies
from ticker_converter.api.limits import Limits
from ticker_converter.api.middleware import Requests
from ticker_converter.api.pool import Accounts, Readers, Sourced
from ticker_converter.api.scopes import ROUTES
from ticker_converter.api.shared import Shared
from ticker_converter.api.source import Source
from ticker_converter.settings import Settings

DESCRIPTION = """Every price in your currency, with a receipt.

Numbers are exact decimals. Formats by `Accept` or `?format=`: JSON, CSV, Arrow stream, Parquet. Answers have an `ETag`;
`If-None-Match` gives 304. Errors are problem documents (RFC 9457)."""


def create(settings: Settings, version: str) -> FastAPI:
    """The application; nothing is connected before the first request. `version` is the release's."""
    # A request's first byte is due within API_TIMEOUT: no statement of it may run longer.
    limit = settings.statement_timeout or settings.api_timeout
    reading = replace(settings, statement_timeout=limit)
    source = _source(reading)
    connect = partial(db.reader, reading, process="api", autocommit=True)
    readers = Sourced(source, settings.db_pool_size) if source else Readers(connect, settings.db_pool_size)
    probing = Sourced(source, 1) if source else Readers(connect, 1)
    web = partial(db.web, replace(settings, statement_timeout=limit), process="web")
    accounts = Accounts(web, settings.db_pool_size)
    # A log-in holds its connection while it hashes, and two hash at once: they keep no key waiting.
    logins = Accounts(web, passwords.AT_ONCE)
    replica = Accounts(partial(web, replica=True), 1) if settings.database_read_url else None
    probe = health.Probe(probing, source)
    shared = Shared(settings)
    limits = Limits(
        settings, shared, partial(db.web, replace(settings, statement_timeout=1), process="limits")
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        if source is not None:
            source.start()
        yield
        if source is not None:
            source.close()
        probe.close()
        limits.close()
        await shared.close()
        for pool in (readers, probing, accounts, logins, *((replica,) if replica else ())):
            pool.close()

    app = FastAPI(
        title="ticker-converter", version=version, description=DESCRIPTION, lifespan=lifespan, docs_url=None,
        redoc_url=None, openapi_url=None, redirect_slashes=False, generate_unique_id_function=_operation,
    )  # fmt: skip
    app.state.settings, app.state.readers, app.state.probe = settings, readers, probe
    app.state.bodies, app.state.lost = Bodies(shared), source.lost if source else _nothing
    app.state.logins, app.state.limits = logins, limits
    app.state.accounts, app.state.keeper = accounts, Keeper(settings, accounts, replica)
    app.include_router(routes.router)
    app.include_router(watch.router)
    app.include_router(analytics.router)
    app.include_router(attribution.router)
    app.include_router(valuation.router)
    app.include_router(auth.router)
    app.include_router(page_session.router)
    app.include_router(operate.router)
    app.include_router(auditing.router)
    app.include_router(acting.router)
    app.include_router(health.router)
    app.add_api_route("/openapi.json", _openapi, include_in_schema=False)
    edge.install(app, settings)
    app.add_middleware(Requests, proxies=settings.trusted_proxies)
    problems.install(app)
    return app


def _source(settings: Settings) -> Source | None:
    """The choice between replica and primary, where there is a replica."""
    if settings.database_read_url is None:
        return None
    primary = replace(settings, database_read_url=None)
    replica = replace(primary, database_url=settings.database_read_url)
    return Source(
        partial(db.reader, replica, process="api", autocommit=True),
        partial(db.reader, primary, process="api", autocommit=True),
        settings.replica_max_lag_seconds, settings.health_check_interval,
    )  # fmt: skip


def _nothing() -> None:
    """There is no other server to look for."""


def _operation(route: APIRoute) -> str:
    return route.name


def openapi(app: FastAPI) -> dict[str, object]:
    """The OpenAPI document, with the problem document and the body read by hand among its schemas."""
    document = app.openapi()
    _, extra = models_json_schema(
        [
            (schemas.Problem, "serialization"),
            (valuation.Positions, "validation"),
            (valuation.Holdings, "validation"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    known = document["components"]["schemas"]
    for name, schema in extra["$defs"].items():
        known.setdefault(name, schema)
    _security(document, app.state.settings)
    document["x-problems"] = [
        {"name": one.name, "status": one.status, "title": one.title} for one in problems.kinds()
    ]
    # FastAPI documents its own shape of a 422, which no route answers with.
    for name in ("HTTPValidationError", "ValidationError"):
        known.pop(name, None)
    return document


def _security(document: dict[str, Any], settings: Settings) -> None:
    """What each address asks for, by the table of scopes."""
    document["components"]["securitySchemes"] = {
        "token": {
            "type": "oauth2", "flows": {"password": {
                "tokenUrl": "/v1/auth/token", "refreshUrl": "/v1/auth/token",
                "scopes": {one: f"The scope {one}." for one in SCOPES},
            }},
        },
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "page": {"type": "apiKey", "in": "cookie", "name": "tc_session"},
    }  # fmt: skip
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if (needs := ROUTES[method.upper(), path]) is None:
                operation["security"] = []
                continue
            anybody: list[dict[str, list[str]]] = (
                [{}] if needs == READ and settings.api_anonymous_read else []
            )
            operation["security"] = [{"token": [needs]}, {"key": []}, {"page": []}, *anybody]
            operation["x-scope"] = needs


def _openapi(request: Request) -> Response:
    body = msgspec.json.encode(openapi(request.app))
    made = datetime.fromtimestamp(int(Path(__file__).stat().st_mtime), UTC)
    return page(request, formats.JSON, body, made)
