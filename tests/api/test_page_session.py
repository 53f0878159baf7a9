"""The page's session: what the cookie is like, what it opens, and what another site can do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from ticker_converter.access import users

PASSWORD = "correct horse battery"
WHO = {"username": "ann", "password": PASSWORD}
SESSION, RUNS = "/v1/auth/session", "/v1/runs"


@pytest.fixture
def client(copied: str, serve: Callable[..., httpx.Client]) -> httpx.Client:
    with psycopg.connect(copied, autocommit=True) as conn:
        users.add(conn, "ann", PASSWORD, ["read", "operate"])
    return serve(copied, API_ANONYMOUS_READ="false")


def sign_in(client: httpx.Client) -> dict[str, Any]:
    answer = client.post(SESSION, json=WHO)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_signed_in_page_reads_and_asks_for_what_its_user_may(client: httpx.Client) -> None:
    assert client.get("/v1/instruments").status_code == 401
    signed = sign_in(client)
    assert (signed["user"], signed["scopes"]) == ("ann", ["read", "operate"])
    answer = client.get("/v1/instruments")
    assert answer.status_code == 200 and answer.headers["cache-control"].startswith("private")
    assert client.get("/v1/status").status_code == 200
    run = client.post(RUNS, json={}, headers={"X-CSRF-Token": signed["csrf_token"]})
    assert run.status_code == 202 and run.json()["author"] == "ann"
    assert client.get(SESSION).json() == signed


def test_no_script_can_read_the_cookie_and_no_other_site_sends_it(client: httpx.Client) -> None:
    answer = client.post(SESSION, json=WHO)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("tc_session=tcs_")
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie and "domain" not in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert client.cookies["tc_session"] not in answer.text


def test_in_production_the_cookie_is_secure_and_this_host_s_alone(copied: str, serve: Any) -> None:
    with psycopg.connect(copied, autocommit=True) as conn:
        users.add(conn, "ann", PASSWORD, ["read"])
    client = serve(copied, TRUSTED_PROXIES="127.0.0.1")
    cookie = client.post(SESSION, json=WHO, headers={"X-Forwarded-Proto": "https"}).headers["set-cookie"]
    assert cookie.startswith("__Host-tc_session=") and "; Secure" in cookie


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": "right", "Origin": "https://elsewhere.example"},
        {"X-CSRF-Token": "right", "Origin": "null"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_changes_nothing_with_the_cookie(client: httpx.Client, headers: dict[str, str]) -> None:
    signed = sign_in(client)
    given = {name: signed["csrf_token"] if text == "right" else text for name, text in headers.items()}
    for answer in (client.post(RUNS, json={}, headers=given), client.delete(SESSION, headers=given)):
        assert answer.status_code == 403, answer.text
    assert client.get(SESSION).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_signs_nobody_in(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post(SESSION, json=WHO, headers=headers).status_code == 403
    assert client.post(SESSION, data=WHO).status_code == 422


def test_who_signs_out_is_out_at_once_and_the_old_cookie_is_no_good(client: httpx.Client) -> None:
    signed = sign_in(client)
    kept = client.cookies["tc_session"]
    assert client.get("/v1/instruments").status_code == 200
    out = client.delete(SESSION, headers={"X-CSRF-Token": signed["csrf_token"]})
    assert out.status_code == 204 and "tc_session" not in client.cookies
    assert client.get("/v1/instruments", headers={"Cookie": f"tc_session={kept}"}).status_code == 401
    assert client.delete(SESSION).status_code == 204


@pytest.mark.parametrize("how", ["disabled", "a new password", "expired"])
def test_a_session_ends_with_its_user_its_password_or_its_time(
    copied: str, client: httpx.Client, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticker_converter.api import access

    monkeypatch.setattr(access, "FRESH", 0.0)
    sign_in(client)
    assert client.get("/v1/instruments").status_code == 200
    change = {
        "disabled": "UPDATE access.users SET disabled_at = now()",
        "a new password": "UPDATE access.users SET tokens_from = now() + interval '1 second'",
        "expired": "UPDATE access.session SET expires_at = now()",
    }[how]
    with psycopg.connect(copied, autocommit=True) as conn:
        conn.execute(change)
    assert client.get("/v1/instruments").status_code == 401


def test_a_cookie_that_is_no_good_is_none_where_anybody_may_read(copied: str, serve: Any) -> None:
    client = serve(copied)
    for cookie in ("tcs_" + "0" * 64, "nonsense", "a" * 5000, "\"'; DROP TABLE access.session --"):
        headers = {"Cookie": f"tc_session={cookie}"}
        assert client.get("/v1/instruments", headers=headers).status_code == 200
        assert client.get("/v1/status", headers=headers).status_code == 401


def test_a_session_is_not_stored_as_it_is_sent(copied: str, client: httpx.Client) -> None:
    sign_in(client)
    with psycopg.connect(copied) as conn:
        row = conn.execute("SELECT s::text FROM access.session AS s").fetchone()
    assert row is not None and client.cookies["tc_session"][4:] not in row[0]


def test_wrong_passwords_are_counted_here_too(client: httpx.Client) -> None:
    wrong = {**WHO, "password": "wrong"}
    assert [client.post(SESSION, json=wrong).status_code for _ in range(6)] == [401] * 5 + [429]
