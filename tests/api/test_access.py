"""Who may do what: every route by every state of a token and of a key, against a server that reads nothing for nobody.

A cell is one request. Those that are let in have no body, or an id that nothing has: they change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import psycopg
import pytest

from tests.support import postgres
from ticker_converter.access import keys, users
from ticker_converter.access.scopes import SCOPES
from ticker_converter.access.signing import Signer, _kid
from ticker_converter.api.scopes import ROUTES
from ticker_converter.app import create_app

from .conftest import configured, serving

SECRET, FORMER, OTHER = "a" * 70 + "1", "b" * 40 + "2", "c" * 40 + "3"
PASSWORD = "correct horse battery"
NOTHING = "00000000-0000-4000-8000-000000000000"
FILLED = {"{symbol}": "AAPL", "{base}": "EUR", "{quote}": "USD", "{id}": NOTHING}


@dataclass(frozen=True)
class House:
    """A running server, its database, and who lives there."""

    url: str
    client: httpx.Client
    signer: Signer
    ids: dict[str, int]
    keys: dict[str, str]
    routes: list[tuple[str, str]]


@pytest.fixture(scope="module")
def house(server: postgres.Server, filled: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    name = f"house_{os.getpid()}"
    url = server.create(name, filled)
    settings = configured(
        tmp_path_factory.mktemp("home"), url, API_ANONYMOUS_READ="false", JWT_SECRET_KEY=SECRET,
        JWT_PREVIOUS_KEYS=FORMER,
    )  # fmt: skip
    with psycopg.connect(url, autocommit=True) as conn:
        for user in ("ann", "gone", "anew"):
            users.add(conn, user, PASSWORD, list(SCOPES))
        ids = dict(conn.execute("SELECT name, user_id FROM access.users").fetchall())
        made = {one: keys.create(conn, [one])["key"] for one in SCOPES}
        made["all"] = keys.create(conn, list(SCOPES))["key"]
        made["of a disabled user"] = keys.create(conn, list(SCOPES), user="gone")["key"]
        for state, change in (
            ("revoked", "revoked_at = now()"),
            ("expired", "expires_at = now() - interval '1 second'"),
            ("without a scope", "scopes = '{}'"),
        ):
            found = keys.create(conn, list(SCOPES))
            conn.execute(f"UPDATE access.api_key SET {change} WHERE key_id = %s", (found["id"],))  # noqa: S608
            made[state] = found["key"]
        users.disable(conn, "gone")
        conn.execute(
            "UPDATE access.users SET tokens_from = now() + interval '10 minutes' WHERE name = 'anew'"
        )
    app = create_app(settings)
    with serving(app) as address, httpx.Client(base_url=address) as client:
        paths = client.get("/openapi.json").json()["paths"]
        routes = [(method.upper(), path) for path, methods in paths.items() for method in methods]
        yield House(url, client, Signer(settings), ids, made, routes)
    server.drop(name)


def forged(
    house: House, secret: str = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any
) -> str:
    """A token of ann's made by hand; None takes a claim out."""
    now = datetime.now(UTC)
    given = {
        "iss": "ticker-converter", "aud": "ticker-converter", "sub": str(house.ids["ann"]), "scope": " ".join(SCOPES),
        "iat": now, "exp": now + timedelta(minutes=5), "jti": "1", **claims,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(given, secret, algorithm, {"kid": kid or _kid(secret or SECRET)})


def tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-2]}{'A' if body[-2] != 'A' else 'B'}{body[-1]}.{signature}"


PAST = datetime.now(UTC) - timedelta(hours=1)
BAD_TOKENS: dict[str, Callable[[House], str]] = {
    "expired": lambda house: forged(house, iat=PAST, exp=PAST + timedelta(minutes=30)),
    "revoked: the password was set anew": lambda house: forged(house, sub=str(house.ids["anew"])),
    "of a disabled user": lambda house: forged(house, sub=str(house.ids["gone"])),
    "of a user that never was": lambda house: forged(house, sub="999999"),
    "of a subject that is no number": lambda house: forged(house, sub="ann"),
    "wrong algorithm": lambda house: forged(house, algorithm="HS512"),
    "right key, other algorithm": lambda house: forged(house, algorithm="HS384"),
    "none": lambda house: forged(house, secret="", algorithm="none", kid=_kid(SECRET)),
    "other key": lambda house: forged(house, secret=OTHER),
    "other key under our id": lambda house: forged(house, secret=OTHER, kid=_kid(SECRET)),
    "tampered": lambda house: tampered(forged(house)),
    "without signature": lambda house: forged(house).rpartition(".")[0] + ".",
    "wrong audience": lambda house: forged(house, aud="another"),
    "wrong issuer": lambda house: forged(house, iss="another"),
    "issued in the future": lambda house: forged(house, iat=datetime.now(UTC) + timedelta(minutes=2)),
    "without an end": lambda house: forged(house, exp=None),
    "without an id": lambda house: forged(house, jti=None),
    "without a time": lambda house: forged(house, iat=None),
    "without an audience": lambda house: forged(house, aud=None),
    "an API key as a token": lambda house: house.keys["all"],
    "nonsense": lambda house: "e30.e30.e30",
    "very long": lambda house: "a" * 5000,
}
BAD_KEYS: dict[str, Callable[[House], str]] = {
    "revoked": lambda house: house.keys["revoked"],
    "expired": lambda house: house.keys["expired"],
    "of a disabled user": lambda house: house.keys["of a disabled user"],
    "tampered": lambda house: house.keys["all"][:-1] + ("0" if house.keys["all"][-1] != "0" else "1"),
    "of an id that never was": lambda house: f"tc_{'0' * 12}_{house.keys['all'][16:]}",
    "of another id": lambda house: house.keys["read"][:16] + house.keys["all"][16:],
    "the id alone": lambda house: house.keys["all"][3:15],
    "a token as a key": lambda house: forged(house),
    "an injection": lambda house: "tc_' OR 1=1 --_" + "0" * 64,
    "nothing": lambda house: "",
}


def ask(house: House, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return house.client.request(method, path, headers=headers, **more)


def refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, (answer.request.method, answer.request.url, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance", "request_id"}


def test_the_table_has_every_route_of_the_api_and_no_other(house: House) -> None:
    assert set(house.routes) == set(ROUTES)
    assert {path for (_, path), needs in ROUTES.items() if needs is None} == {
        "/health/live", "/health/ready", "/v1/auth/token", "/v1/auth/session",
    }  # fmt: skip
    assert all(needs == "operate" for (method, _), needs in ROUTES.items() if needs and method == "DELETE")


def test_a_route_that_is_not_in_the_table_cannot_be_made() -> None:
    from fastapi import APIRouter

    from ticker_converter.api.access import Guarded

    with pytest.raises(KeyError):
        APIRouter(prefix="/v1", route_class=Guarded).get("/forgotten")(lambda: None)


def test_without_a_credential(house: House) -> None:
    for method, path in house.routes:
        answer = ask(house, method, path, {})
        if (method, path) == ("GET", "/v1/auth/session"):
            refused(answer, 401)  # nobody is signed in
        elif ROUTES[method, path] is None:
            assert answer.status_code not in (401, 403)
        else:
            refused(answer, 401)


@pytest.mark.parametrize("state", BAD_TOKENS)
def test_a_bad_token(house: House, state: str) -> None:
    headers = {"Authorization": f"Bearer {BAD_TOKENS[state](house)}"}
    for method, path in house.routes:
        if ROUTES[method, path] is not None:
            refused(ask(house, method, path, headers), 401)


@pytest.mark.parametrize("state", BAD_KEYS)
def test_a_bad_key(house: House, state: str) -> None:
    headers = {"X-API-Key": BAD_KEYS[state](house)}
    for method, path in house.routes:
        if ROUTES[method, path] is not None:
            refused(ask(house, method, path, headers), 401)


@pytest.mark.parametrize("given", [*SCOPES, "all", "without a scope"])
@pytest.mark.parametrize("kind", ["token", "key"])
def test_a_good_credential_does_what_its_scopes_say_and_no_more(house: House, kind: str, given: str) -> None:
    held = set(SCOPES) if given == "all" else {given} & set(SCOPES)
    headers = (
        {"X-API-Key": house.keys[given]}
        if kind == "key"
        else {"Authorization": f"Bearer {house.signer.sign(house.ids['ann'], sorted(held))}"}
    )
    for method, path in house.routes:
        needs, answer = ROUTES[method, path], ask(house, method, path, headers)
        if (method, path) == ("GET", "/v1/auth/session"):
            refused(answer, 401)  # neither is a session
        elif needs is None or needs in held:
            assert answer.status_code not in (401, 403), (method, path, answer.text)
        else:
            refused(answer, 403)


def test_a_key_in_the_address_is_none(house: House) -> None:
    for name in ("key", "api_key", "apikey", "X-API-Key", "access_token", "token"):
        answer = house.client.get("/v1/instruments", params={name: house.keys["all"]})
        refused(answer, 401)
        answer = house.client.get(
            "/v1/instruments", params={name: house.keys["all"]}, headers={"X-API-Key": house.keys["all"]}
        )
        assert answer.status_code == 422 and house.keys["all"][16:] not in answer.text


@pytest.mark.parametrize("header", ["Basic YW5uOmI=", "bearer", "Token x", "Digest a"])
def test_another_scheme_is_no_credential(house: House, header: str) -> None:
    refused(house.client.get("/v1/instruments", headers={"Authorization": header}), 401)


def test_two_credentials_are_one_too_many(house: House) -> None:
    both = {"X-API-Key": house.keys["all"], "Authorization": f"Bearer {forged(house)}"}
    refused(house.client.get("/v1/instruments", headers=both), 401)


def test_a_token_of_the_former_key_is_good_and_new_ones_are_of_the_new_key(house: House) -> None:
    old = {"Authorization": f"Bearer {forged(house, secret=FORMER)}"}
    assert house.client.get("/v1/instruments", headers=old).status_code == 200
    new = house.signer.sign(house.ids["ann"], ["read"])
    assert jwt.get_unverified_header(new)["kid"] == _kid(SECRET)


def test_who_asks_is_looked_at_before_what_they_send(house: House) -> None:
    for body in (b"{", b"[" * 10_000, b'{"symbol": 1}', b"\xff"):
        answer = house.client.post(
            "/v1/corrections", content=body, headers={"Content-Type": "application/json"}
        )
        refused(answer, 401)


def test_nobody_is_served_what_a_good_key_was_served(house: House) -> None:
    good = house.client.get("/v1/prices/AAPL", headers={"X-API-Key": house.keys["read"]})
    assert good.status_code == 200 and good.headers["cache-control"] == "private, no-cache"
    tag = {"If-None-Match": good.headers["etag"]}
    for headers, status in (
        ({}, 401),
        ({"X-API-Key": "tc_bad"}, 401),
        ({"X-API-Key": house.keys["revoked"]}, 401),
        ({"X-API-Key": house.keys["operate"]}, 403),
    ):
        refused(house.client.get("/v1/prices/AAPL", headers={**tag, **headers}), status)


def test_where_anybody_may_read_a_bad_credential_is_still_refused(copied: str, serve: Any) -> None:
    with psycopg.connect(copied) as conn:
        narrow = keys.create(conn, ["operate"])["key"]
    client = serve(copied)
    assert client.get("/v1/instruments").status_code == 200
    assert client.get("/v1/instruments", headers={"X-API-Key": narrow}).status_code == 200
    assert client.get("/v1/instruments", headers={"X-API-Key": narrow[:-1]}).status_code == 401
    assert client.get("/v1/status").status_code == 401
    assert client.get("/v1/status", headers={"X-API-Key": narrow}).status_code == 200


def test_a_disabled_user_and_a_revoked_key_are_refused_within_ten_seconds(
    copied: str, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticker_converter.api import access

    assert access.FRESH <= 10
    monkeypatch.setattr(access, "FRESH", 0.2)
    client = serve(copied, JWT_SECRET_KEY=SECRET)
    with psycopg.connect(copied, autocommit=True) as conn:
        made = keys.create(conn, ["operate"])
        users.add(conn, "ann", PASSWORD, ["operate"])
        form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
        token = client.post("/v1/auth/token", data=form).json()["access_token"]
        both = ({"X-API-Key": made["key"]}, {"Authorization": f"Bearer {token}"})
        assert [client.get("/v1/status", headers=one).status_code for one in both] == [200, 200]
        keys.revoke(conn, made["id"])
        users.disable(conn, "ann")
    import time

    time.sleep(0.3)
    assert [client.get("/v1/status", headers=one).status_code for one in both] == [401, 401]


def test_a_key_s_last_use_is_written_at_most_once_a_minute(copied: str, serve: Any, monkeypatch: Any) -> None:
    from ticker_converter.api import access

    monkeypatch.setattr(access, "FRESH", 0.0)
    client = serve(copied)
    with psycopg.connect(copied, autocommit=True) as conn:
        made = keys.create(conn, ["read"])

        def used() -> Any:
            client.get("/v1/instruments", headers={"X-API-Key": made["key"]})
            return keys.listed(conn)[0]["last_used_at"]

        first = used()
        assert first is not None and used() == first
        conn.execute("UPDATE access.api_key SET last_used_at = last_used_at - interval '61 seconds'")
        assert used() > first


def test_keys_are_checked_on_the_replica_while_the_primary_is_away(copied: str, serve: Any) -> None:
    with psycopg.connect(copied, autocommit=True) as conn:
        made = keys.create(conn, ["read"])
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    client = serve(nowhere, DATABASE_READ_URL=copied, API_ANONYMOUS_READ="false")
    assert client.get("/v1/instruments", headers={"X-API-Key": made["key"]}).status_code == 200
    assert client.get("/v1/instruments", headers={"X-API-Key": made["key"][:-1] + "x"}).status_code == 401


def test_the_laptop_s_secret_is_made_once_and_read_by_nobody_else(copied: str, tmp_path: Path) -> None:
    first, second = (Signer(configured(tmp_path, copied)) for _ in range(2))
    assert second.check(first.sign(1, ["read"])).user_id == 1
    found = tmp_path / "jwt.key"
    assert found.stat().st_mode & 0o777 == 0o600 and len(found.read_text().strip()) == 64


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_each_algorithm_of_the_settings_refuses_the_others(
    copied: str, tmp_path: Path, algorithm: str
) -> None:
    made = {
        each: Signer(configured(tmp_path, copied, JWT_SECRET_KEY="k" * 31 + "1", JWT_ALGORITHM=each))
        for each in ("HS256", "HS384", "HS512")
    }
    token = made[algorithm].sign(7, ["read"])
    from ticker_converter.errors import NotKnown

    for each, signer in made.items():
        if each == algorithm:
            assert signer.check(token).user_id == 7
        else:
            with pytest.raises(NotKnown):
                signer.check(token)
