"""Around the API: Host names, other sites, proxies, bodies, what browsers are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ticker_converter.api import edge
from ticker_converter.api.middleware import Requests

from .conftest import configured

Serve = Callable[..., httpx.Client]


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("LOCALHOST:1", 200), ("evil.example", 421),
     ("localhost.evil.example", 421), ("localhost@evil.example", 421), ("[::1].evil.example", 421)],
)  # fmt: skip
def test_on_loopback_only_this_machine_s_own_names_are_answered(get: Any, host: str, status: int) -> None:
    answer = get("/v1/instruments", headers={"Host": host})
    assert answer.status_code == status, answer.text
    assert get("/health/live", headers={"Host": host}).status_code == 200
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json" and "evil" not in answer.text
        assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize(
    ("given", "host", "answered"),
    [
        ({"ALLOWED_HOSTS": "prices.example,*.internal"}, "prices.example:443", True),
        ({"ALLOWED_HOSTS": "prices.example,*.internal"}, "a.internal", True),
        ({"ALLOWED_HOSTS": "prices.example,*.internal"}, "internal", False),
        ({"ALLOWED_HOSTS": "prices.example,*.internal"}, "notinternal", False),
        ({"ALLOWED_HOSTS": "prices.example"}, "localhost", False),
        ({"PUBLIC_HOST": "prices.example"}, "prices.example", True),
        ({"PUBLIC_HOST": "prices.example"}, "other.example", False),
        ({"API_HOST": "0.0.0.0"}, "anything", True),
        ({"API_HOST": "::1"}, "anything", False),
        ({"ALLOWED_HOSTS": "*"}, "anything", True),
    ],
)  # fmt: skip
def test_the_names_that_are_answered(tmp_path: Any, given: dict[str, str], host: str, answered: bool) -> None:
    settings = configured(tmp_path, "postgresql://u@h/d", **given)
    around = edge.Edge(Requests(None), edge.hosts(settings), 0)  # type: ignore[arg-type]
    assert around._answers({"path": "/v1/x"}, host) is answered


def test_other_sites_read_only_when_they_are_named(copied: str, serve: Serve) -> None:
    closed, opened = serve(copied), serve(copied, CORS_ORIGINS="https://app.example")
    for client, origin, may in (
        (closed, "https://app.example", False),
        (opened, "https://app.example", True),
        (opened, "https://evil.example", False),
        (opened, "null", False),
    ):
        answer = client.get("/v1/instruments", headers={"Origin": origin})
        assert (answer.headers.get("access-control-allow-origin") == origin) is may
        assert "access-control-allow-credentials" not in answer.headers
        asks = {"Origin": origin, "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "X-API-Key"}  # fmt: skip
        before = client.options("/v1/corrections", headers=asks)
        assert (before.status_code == 200) is may
    # A refusal can be read too, or a page could not tell its user what is wrong.
    refused = opened.get("/v1/status", headers={"Origin": "https://app.example"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (
        401,
        "https://app.example",
    )


@pytest.mark.parametrize(
    "path", ["/v1/instruments", "/v1/prices/NOPE", "/v1/nothing", "/health/live", "/", "/docs"]
)
def test_what_browsers_are_told(get: Any, path: str) -> None:
    headers = get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "strict-transport-security" not in headers  # not over TLS
    assert "server" not in headers or "uvicorn" in headers["server"]


def test_tls_alone_is_asked_for_over_tls_alone(copied: str, serve: Serve) -> None:
    through = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    trusting = serve(copied, TRUSTED_PROXIES="127.0.0.0/8", HSTS_SECONDS="600")
    name = "strict-transport-security"
    assert trusting.get("/v1/instruments", headers=through).headers[name] == "max-age=600"
    assert name not in trusting.get("/v1/instruments").headers
    assert name not in serve(copied, HSTS_SECONDS="600").get("/v1/instruments", headers=through).headers
    never = serve(copied, TRUSTED_PROXIES="127.0.0.1", HSTS_SECONDS="0")
    assert name not in never.get("/v1/instruments", headers=through).headers


@pytest.mark.parametrize(
    ("proxies", "peer", "said", "client"),
    [
        ((), "127.0.0.1", ["192.0.2.1"], "127.0.0.1"),
        (("10.0.0.0/8",), "192.0.2.9", ["192.0.2.1"], "192.0.2.9"),
        (("10.0.0.0/8",), "10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", ["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", ["198.51.100.7, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", ["198.51.100.7", "192.0.2.1"], "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", ["192.0.2.1, nonsense"], "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        (("10.0.0.0/8",), "10.0.0.1", [], "10.0.0.1"),
        (("::1",), "::1", ["2001:db8::1"], "2001:db8::1"),
        (("10.0.0.0/8",), "::ffff:10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
    ],
)
def test_who_the_client_is_behind_proxies(
    proxies: tuple[str, ...], peer: str, said: list[str], client: str
) -> None:
    scope: dict[str, Any] = {
        "type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", one.encode()) for one in said],
    }  # fmt: skip
    Requests(None, proxies)._behind_proxies(scope)  # type: ignore[arg-type]
    assert scope["client"][0] == client


def test_a_body_that_is_too_large_is_refused_told_or_not(copied: str, serve: Serve) -> None:
    client = serve(copied)
    big = b"x" * (edge.LARGEST_BODY + 1)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (big, iter([big[:1000], big[1000:]])):
        answer = client.post("/v1/auth/token", content=content, headers=form)
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json"), (
            answer.text
        )


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"[" * 100_000, "application/json"), (b'{"a": ' * 50_000, "application/json"), (b"\xff\xfe", "application/json"),
     (b'{"symbols": [' + b"1" * 5000 + b"]}", "application/json"), (b"<a/>", "application/xml"),
     (b'{"since": NaN}', "application/json"), (b"a=%zz&" * 5000, "application/x-www-form-urlencoded")],
)  # fmt: skip
def test_a_body_that_is_nonsense_is_the_callers_fault(
    copied: str, serve: Serve, content: bytes, kind: str
) -> None:
    import psycopg

    from ticker_converter.access import keys

    with psycopg.connect(copied) as conn:
        key = keys.create(conn, ["operate"])["key"]
    client = serve(copied)
    for path in ("/v1/runs", "/v1/corrections", "/v1/auth/token"):
        answer = client.post(path, content=content, headers={"Content-Type": kind, "X-API-Key": key})
        assert answer.status_code in (400, 413, 422), (path, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Traceback" not in answer.text and "recursion" not in answer.text
