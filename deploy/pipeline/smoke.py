"""Asks a running host ten things over HTTP, as a stranger and as a reader, and says which answers were wrong.

    python3 deploy/pipeline/smoke.py https://prices.example [--release 1.2.3] [--key-file FILE] [--insecure] [--json]

Exit 0: ten of ten. 1: some are wrong. 2: asked wrongly. Standard library only, so that it runs on any host. It reads
and never writes: what it asks changes nothing but counters. Nothing need be loaded.
With a key (scope `read`, from SMOKE_KEY or a file, never from the command line) the reader's questions want 200;
without one they want 200 or, where reading needs a key, 401.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 10.0
#: An answer is read up to here; none of those asked for is a tenth of it.
MOST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or nothing."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Host:
    """One address, asked with a deadline, without following redirects to elsewhere."""

    def __init__(self, base: str, key: str | None, insecure: bool) -> None:
        self.base, self.key = base.rstrip("/"), key
        context = ssl.create_default_context()
        if insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._open = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Stay()).open

    def ask(self, path: str, method: str = "GET", base: str | None = None, **headers: str) -> Answer:
        """One request; an HTTP error is an answer, a connection that fails raises OSError."""
        url = (base or self.base) + path
        asked = urllib.request.Request(url, method=method, headers=headers)
        try:
            with self._open(asked, timeout=TIMEOUT) as came:
                return Answer(came.status, _lower(came.headers.items()), came.read(MOST))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers.items()), error.read(MOST))

    def read(self, path: str) -> Answer:
        """As a reader: with the key if there is one."""
        return self.ask(path, **({"X-API-Key": self.key} if self.key else {}))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _lower(items: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in items}


def alive(host: Host, _: str | None) -> str:
    """the process answers"""
    came = host.ask("/health/live")
    return "" if came.status == 200 and (came.json() or {}).get("status") == "alive" else _saw(came)


def ready(host: Host, _: str | None) -> str:
    """the database answers and is migrated"""
    came = host.ask("/health/ready")
    return "" if came.status == 200 else _saw(came)


def release(host: Host, wanted: str | None) -> str:
    """the release is the one that was deployed"""
    came = host.ask("/openapi.json")
    runs = ((came.json() or {}).get("info") or {}).get("version")
    if came.status != 200 or not runs:
        return _saw(came)
    return "" if wanted in (None, runs) else f"{runs} runs, {wanted} is wanted"


def which(host: Host) -> str:
    """The release that runs, as the host says, or nothing."""
    try:
        return str(((host.ask("/openapi.json").json() or {}).get("info") or {}).get("version") or "")
    except (OSError, ValueError):
        return ""


def converts(host: Host, _: str | None) -> str:
    """100 pence are 1 pound, exactly, with a receipt"""
    came = host.read("/v1/convert?amount=100&from=GBX&to=GBP")
    if came.status == 401 and not host.key:
        return ""
    body = came.json() or {}
    return "" if came.status == 200 and body.get("result") == 1 and "receipt" in body else _saw(came)


def currencies(host: Host, _: str | None) -> str:
    """the warehouse is read: it knows more than a hundred currencies"""
    came = host.read("/v1/currencies")
    if came.status == 401 and not host.key:
        return ""
    body = came.json()
    return "" if came.status == 200 and isinstance(body, list) and len(body) > 100 else _saw(came)


def refuses(host: Host, _: str | None) -> str:
    """what is for operators is refused to strangers"""
    came = host.ask("/v1/status")
    return "" if came.status == 401 else _saw(came)


def forged(host: Host, _: str | None) -> str:
    """a forged key is refused"""
    came = host.ask("/v1/status", **{"X-API-Key": "tc_smoke_" + "0" * 43})
    return "" if came.status == 401 else _saw(came)


def problem(host: Host, _: str | None) -> str:
    """a wrong address gets a problem document with a request id and nothing of the inside"""
    came = host.ask("/v1/there-is-no-such-thing")
    kind = came.headers.get("content-type", "")
    good = (
        came.status == 404 and kind.startswith("application/problem+json") and "x-request-id" in came.headers
    )
    return "" if good and b"Traceback" not in came.body else _saw(came)


def page(host: Host, _: str | None) -> str:
    """the page is served under a policy that forbids foreign scripts"""
    came = host.ask("/")
    policy = came.headers.get("content-security-policy", "")
    shown = came.status == 200 and b"<html" in came.body[:2000].lower()
    return "" if shown and "default-src" in policy and "unsafe-eval" not in policy else _saw(came)


def edge(host: Host, _: str | None) -> str:
    """plain HTTP leads to TLS; over plain HTTP alone: no version of a server is told"""
    parts = urlsplit(host.base)
    if parts.scheme == "https" and parts.port is None:
        came = host.ask("/", base=f"http://{parts.hostname}")
        moved = came.headers.get("location", "").startswith("https://")
        return "" if came.status in (301, 307, 308) and moved else _saw(came)
    told = host.ask("/health/live").headers.get("server", "")
    return f"Server: {told}" if any(letter.isdigit() for letter in told) else ""


QUESTIONS: list[Callable[[Host, str | None], str]] = [
    alive, ready, release, converts, currencies, refuses, forged, problem, page, edge,
]  # fmt: skip


def _saw(came: Answer) -> str:
    return f"{came.status} {came.body[:120].decode('utf-8', 'replace')!r}"


def ask_all(host: Host, wanted: str | None) -> list[tuple[str, str, str, float]]:
    """Name, sentence, fault (or nothing) and seconds of each question; the next is asked whatever came before."""
    rows = []
    for question in QUESTIONS:
        began = time.monotonic()
        try:
            fault = question(host, wanted)
        except (OSError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        rows.append((question.__name__, question.__doc__ or "", fault, time.monotonic() - began))
    return rows


def main() -> int:
    """Ask, print, and say by the exit code."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("host", help="such as https://prices.example")
    words.add_argument("--release", help="the version that must run")
    words.add_argument("--key-file", type=Path, help="a file with a key of scope read; else SMOKE_KEY")
    words.add_argument(
        "--insecure", action="store_true", help="believe any certificate: a host without one yet"
    )
    words.add_argument("--json", action="store_true", help="an object instead of lines")
    words.add_argument("--which", action="store_true", help="print the release that runs, ask nothing else")
    given = words.parse_args()
    if urlsplit(given.host).scheme not in ("http", "https") or not urlsplit(given.host).hostname:
        words.error(f"{given.host}: an address begins with https:// or http://")
    key = given.key_file.read_text().strip() if given.key_file else os.environ.get("SMOKE_KEY") or None
    host = Host(given.host, key, given.insecure)
    if given.which:
        print(which(host))
        return 0 if which(host) else 1
    rows = ask_all(host, given.release)
    wrong = sum(1 for row in rows if row[2])
    if given.json:
        named = [dict(zip(("name", "asks", "fault", "seconds"), row, strict=True)) for row in rows]
        print(json.dumps({"host": given.host, "wrong": wrong, "questions": named}))
    else:
        for name, sentence, fault, seconds in rows:
            print(f"{'WRONG' if fault else 'ok':5} {name:10} {seconds:6.2f} s  {sentence}")
            if fault:
                print(f"      {fault}")
        print(f"{given.host}: {len(rows) - wrong} of {len(rows)}{'' if key else ', without a key'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
