"""POST /v1/auth/token: passwords, refresh tokens, and how often one may try."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from ticker_converter.access import login, passwords, users
from ticker_converter.errors import TooMany, Usage

PASSWORD = "correct horse battery"


@pytest.fixture
def conn(copied: str) -> Any:
    with psycopg.connect(copied, autocommit=True) as connection:
        users.add(connection, "ann", PASSWORD, ["read", "operate"])
        yield connection


@pytest.fixture
def client(conn: Any, copied: str, serve: Callable[..., httpx.Client]) -> httpx.Client:
    return serve(copied, API_ANONYMOUS_READ="false", TRUSTED_PROXIES="127.0.0.1")


def log_in(
    client: httpx.Client, name: str = "ann", password: str = PASSWORD, *, of: str = "", **more: str
) -> httpx.Response:
    form = {"grant_type": "password", "username": name, "password": password, **more}
    return client.post("/v1/auth/token", data=form, headers={"X-Forwarded-For": of} if of else {})


def refreshed(client: httpx.Client, token: str) -> httpx.Response:
    return client.post("/v1/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})


def test_a_password_gives_a_token_that_is_kept_by_nobody(client: httpx.Client) -> None:
    answer = log_in(client, client_id="some app")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == ["access_token", "token_type", "expires_in", "refresh_token", "scope"]
    assert (found["token_type"], found["expires_in"], found["scope"]) == ("Bearer", 1800, "read operate")
    assert answer.headers["cache-control"] == "no-store"
    given = {"Authorization": f"Bearer {found['access_token']}"}
    assert client.get("/v1/status", headers=given).status_code == 200


def test_fewer_scopes_can_be_asked_for_and_never_more(client: httpx.Client) -> None:
    narrow = log_in(client, scope="read admin").json()
    assert narrow["scope"] == "read"
    given = {"Authorization": f"Bearer {narrow['access_token']}"}
    assert client.get("/v1/instruments", headers=given).status_code == 200
    assert client.get("/v1/status", headers=given).status_code == 403
    assert refreshed(client, narrow["refresh_token"]).json()["scope"] == "read"


def test_wrong_names_wrong_passwords_and_disabled_users_are_told_the_same(
    client: httpx.Client, conn: Any
) -> None:
    users.add(conn, "gone", PASSWORD, ["read"])
    users.disable(conn, "gone")
    answers = [
        log_in(client, *given) for given in (("ann", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD))
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert all("www-authenticate" in answer.headers for answer in answers)


def test_an_unknown_user_costs_one_hash_as_a_known_one_does(
    conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal time, counted: what takes the time is the hash, and every attempt makes exactly one."""
    hashes: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def verify(self, encoded: str, given: str) -> bool:
            hashes.append(encoded.rpartition("$")[0].rpartition("$")[0])  # the parameters
            return real.verify(encoded, given)

    real = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    for name in ("ann", "nobody"):
        with pytest.raises(Exception, match="wrong"):
            login.password(conn, name, "not it", "192.0.2.1", 1)
    assert len(hashes) == 2 and len(set(hashes)) == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"grant_type": "client_credentials"}, {"grant_type": "password", "username": "ann"},
     {"grant_type": "refresh_token"}, {"grant_type": "password", "username": "ann", "password": "x" * 3000}],
)  # fmt: skip
def test_a_form_that_is_none(client: httpx.Client, form: dict[str, str]) -> None:
    answer = client.post("/v1/auth/token", data=form)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "xxx" not in answer.text


def test_a_password_in_the_address_is_not_read(client: httpx.Client) -> None:
    answer = client.post(f"/v1/auth/token?grant_type=password&username=ann&password={PASSWORD}")
    assert answer.status_code == 422 and PASSWORD not in answer.text


# ---- refresh tokens ----


def test_a_refresh_token_is_good_once_and_used_twice_ends_the_whole_log_in(client: httpx.Client) -> None:
    first = log_in(client).json()["refresh_token"]
    second = refreshed(client, first).json()["refresh_token"]
    third = refreshed(client, second).json()["refresh_token"]
    other = log_in(client).json()["refresh_token"]
    assert refreshed(client, first).status_code == 401  # a thief, or the owner after the thief
    assert refreshed(client, third).status_code == 401
    assert refreshed(client, other).status_code == 200  # another log-in is not touched


def test_of_two_uses_at_once_one_is_good(client: httpx.Client) -> None:
    token = log_in(client).json()["refresh_token"]
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(refreshed(client, token).status_code)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 401, 401, 401]


def test_a_refresh_token_is_not_stored_and_ends(client: httpx.Client, conn: Any) -> None:
    token = log_in(client).json()["refresh_token"]
    stored = conn.execute("SELECT string_agg(t::text, ' ') FROM access.refresh_token AS t").fetchone()[0]
    assert token not in stored and token.removeprefix("tcr_") not in stored
    conn.execute("UPDATE access.refresh_token SET expires_at = now() - interval '1 second'")
    assert refreshed(client, token).status_code == 401


def test_disabling_a_user_and_setting_a_password_anew_log_out(client: httpx.Client, conn: Any) -> None:
    before = log_in(client).json()
    users.reset(conn, "ann", "another long one")
    assert refreshed(client, before["refresh_token"]).status_code == 401
    given = {"Authorization": f"Bearer {before['access_token']}"}
    assert client.get("/v1/status", headers=given).status_code == 401
    assert log_in(client).status_code == 401
    after = log_in(client, password="another long one").json()
    users.disable(conn, "ann")
    assert refreshed(client, after["refresh_token"]).status_code == 401


# ---- how often ----


def test_an_account_is_tried_a_few_times_from_one_address_and_then_not_even_with_the_right_password(
    client: httpx.Client,
) -> None:
    codes = [log_in(client, password="wrong", of="192.0.2.1").status_code for _ in range(login.FROM_HERE)]
    assert codes == [401] * login.FROM_HERE
    tired = log_in(client, of="192.0.2.1")
    assert (tired.status_code, tired.headers["content-type"]) == (429, "application/problem+json")
    assert 0 < int(tired.headers["retry-after"]) <= login.WINDOW
    # Elsewhere its owner is not kept out.
    assert log_in(client, of="192.0.2.2").status_code == 200


def test_an_account_is_tried_from_many_addresses_and_an_address_tries_many_accounts(
    client: httpx.Client, conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "OF_ACCOUNT", 3)
    monkeypatch.setattr(login, "OF_ADDRESS", 4)
    codes = [log_in(client, password="wrong", of=f"192.0.2.{n}").status_code for n in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    codes = [log_in(client, name=f"user{n}", of="2001:db8::1").status_code for n in range(4)]
    # The other addresses of one /64 are the same machine.
    assert [*codes, log_in(client, name="user9", of="2001:db8::ffff:1").status_code] == [
        401,
        401,
        401,
        401,
        429,
    ]
    conn.execute("UPDATE access.login_window SET ends_at = now() - interval '1 second'")
    assert log_in(client, of="192.0.2.1").status_code == 200


def test_right_passwords_do_not_add_up(client: httpx.Client) -> None:
    for _ in range(login.FROM_HERE + 2):
        assert log_in(client).status_code == 200


def test_what_was_typed_as_a_name_is_not_kept(client: httpx.Client, conn: Any) -> None:
    log_in(client, name="my-password-by-mistake")
    kept = conn.execute("SELECT string_agg(w::text, ' ') FROM access.login_window AS w").fetchone()[0]
    assert "mistake" not in kept


def test_attempts_are_counted_together_by_all_servers(
    conn: Any, copied: str, serve: Callable[..., httpx.Client]
) -> None:
    one, two = serve(copied), serve(copied)
    for n in range(login.FROM_HERE):
        assert log_in((one, two)[n % 2], password="wrong").status_code == 401
    assert {log_in(each).status_code for each in (one, two)} == {429}


# ---- hashes ----


def test_at_most_two_hash_at_once_and_a_few_wait() -> None:
    places = passwords.Places(2)
    with places.one(), places.one(), pytest.raises(TooMany), places.one(patience=0.05):
        pass
    with places.one():
        pass
    busy = threading.Barrier(passwords.WAITING + 1)
    end = threading.Event()

    def wait() -> None:
        with places._queue:
            busy.wait()
            end.wait()

    threads = [threading.Thread(target=wait) for _ in range(passwords.WAITING)]
    for thread in threads:
        thread.start()
    busy.wait()
    with pytest.raises(TooMany), places.one():
        pass
    end.set()
    for thread in threads:
        thread.join()
    os.close(places._file)


def test_processes_forked_from_one_share_the_two_places() -> None:
    import subprocess
    import sys

    program = """
import os, sys
from ticker_converter.access.passwords import Places
from ticker_converter.errors import TooMany
places = Places(2)
ready, go = os.pipe(), os.pipe()
for _ in range(2):
    if os.fork() == 0:
        with places.one():
            os.write(ready[1], b'.')
            os.read(go[0], 1)
        os._exit(0)
os.read(ready[0], 1); os.read(ready[0], 1)
try:
    with places.one(patience=0.05):
        print('in')
except TooMany:
    print('full')
os.write(go[1], b'..')
os.wait(); os.wait()
with places.one(patience=5):
    print('free')
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["full", "free"], done.stderr


def test_a_password_is_neither_short_nor_endless() -> None:
    for wrong in ("short", "x" * 1025):
        with pytest.raises(Usage):
            passwords.hashed(wrong)
    encoded = passwords.hashed(PASSWORD)
    assert encoded.startswith("$argon2id$") and passwords.fits(encoded, PASSWORD)
    assert not passwords.fits(encoded, PASSWORD + " ") and not passwords.fits(None, PASSWORD)
    assert not passwords.fits(encoded, "x" * 100_000)
    assert passwords.renewed(encoded, PASSWORD) is None


def test_a_hash_of_older_parameters_is_renewed_at_the_log_in(client: httpx.Client, conn: Any) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    conn.execute("UPDATE access.users SET password = %s", (old,))
    assert log_in(client).status_code == 200
    assert conn.execute("SELECT password FROM access.users").fetchone()[0] != old
    assert log_in(client).status_code == 200
