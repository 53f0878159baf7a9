"""One HTTP GET to a provider, with the secret kept out of everything that is kept, shown or logged.

httpx logs each URL at INFO, so the key never enters the URL that httpx knows: it is added below the client, by the
transport. Redirects are followed only to the provider's own host. Nothing is retried here: the quota ledger decides.
"""

from __future__ import annotations

import json
import logging
import math
import re
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ticker_converter.errors import BadSetting, ProviderBusy, ProviderUnavailable, Refused, Unreadable
from ticker_converter.providers.bodies import LIMIT

MARK = "[redacted]"
PUBLIC_KEYS = frozenset({"demo"})
"Keys that are no secret and also ordinary words: Alpha Vantage's demo notice must stay as it was sent."
SECRET_PARAMETERS = frozenset({"apikey", "api_key", "api_token", "access_key", "token", "key"})
_SHORTEST_SECRET = 4
_LONGEST_NOTICE = 4096
_ECHO = re.compile(rb"(api\s?key\s+as\s+)([A-Za-z0-9_\-]{4,})", re.IGNORECASE)
"Alpha Vantage's notices (PROVIDERS 1.3): `We have detected your API key as KEY and our standard API rate limit ...`."
_REDIRECTS = 5
_TOTAL = 6.0
"A whole answer may take this many times the timeout: a server that sends a byte now and then is not waited for."


@dataclass(frozen=True, slots=True)
class Secret:
    """A query parameter, or a header with words before the key (`Token `), that goes on the wire and nowhere else."""

    parameter: str
    value: str = field(repr=False)
    header: str = ""
    before: str = ""

    def forms(self) -> tuple[bytes, ...]:
        """The value as a body may echo it: plain, percent-encoded, or escaped in JSON; longest first."""
        if self.value in PUBLIC_KEYS or len(self.value) < _SHORTEST_SECRET:
            return ()
        forms = {self.value, quote(self.value, safe=""), json.dumps(self.value)[1:-1]}
        return tuple(sorted((form.encode() for form in forms), key=len, reverse=True))

    def hide(self, text: str) -> str:
        """The text without the value."""
        for form in self.forms():
            text = text.replace(form.decode(), MARK)
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the body byte for byte, but for an echoed secret (`redacted`)."""

    status: int
    body: bytes
    content_type: str | None
    received_at: datetime
    redacted: bool


def without_secrets(url: str) -> str:
    """The URL without parameters that carry keys (apikey, token, ...) and without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    query = parts.query
    if any(name.lower() in SECRET_PARAMETERS for name, _ in parse_qsl(query, keep_blank_values=True)):
        kept = [pair for pair in query.split("&") if pair.partition("=")[0].lower() not in SECRET_PARAMETERS]
        query = "&".join(kept)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def secrets_of(url: str) -> list[str]:
    """The keys in a URL's query. `key` is a series in the SDMX interfaces of central banks: none to look for."""
    try:
        pairs = parse_qsl(urlsplit(url).query)
    except ValueError:
        return []
    return [value for name, value in pairs if name.lower() in SECRET_PARAMETERS - {"key"}]


def without_echoes(body: bytes, keys: Iterable[str]) -> bytes:
    """A body that a person recorded, without these keys and without the one that a short notice names."""
    for key in keys:
        for form in Secret("", key).forms():
            body = body.replace(form, MARK.encode())
    if len(body) > _LONGEST_NOTICE:
        return body
    return _ECHO.sub(
        lambda found: found[0] if found[2].decode() in PUBLIC_KEYS else found[1] + MARK.encode(), body
    )


def get(
    url: str,
    *,
    provider: str,
    timeout: float = 30.0,
    secret: Secret | None = None,
    speaks_in_bodies: bool = False,
    busy_in_bodies: bool = False,
    limit: int = LIMIT,
) -> Answer:
    """GET `url`. ProviderUnavailable: no answer, a cut or slow one, 5xx, a redirect elsewhere. ProviderBusy: 429,
    unless its body is wanted (`busy_in_bodies`: it tells a minute's limit from a day's). Other 4xx are returned where
    the provider `speaks_in_bodies` and sent one, else Refused. Unreadable: over `limit`."""
    secret = secret or Secret("", "")
    deadline = time.monotonic() + timeout * _TOTAL
    try:
        client = _client(url, timeout, secret)
    except (ValueError, ImportError) as exc:
        raise BadSetting(
            f"{provider}: the base URL, or this machine's proxy, is not a usable http(s) address"
        ) from exc
    with client:
        for _ in range(_REDIRECTS + 1):
            try:
                with client.stream("GET", url) as response:
                    onward = _redirected(response, url, provider, secret)
                    if onward is None:
                        body = _read(response, provider, deadline, limit)
                        spoken = speaks_in_bodies, busy_in_bodies
                        return _answer(response, body, provider, secret, *spoken)
                    url = onward
            except httpx.TimeoutException as exc:
                raise ProviderUnavailable(
                    f"{provider}: no answer within {timeout:g} s; try again later"
                ) from exc
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
                raise BadSetting(f"{provider}: the base URL is not a usable http(s) address") from exc
            except httpx.HTTPError as exc:
                reason = secret.hide(str(exc)) or type(exc).__name__
                raise ProviderUnavailable(
                    f"{provider}: connection failed: {_line(reason)}; try again later"
                ) from exc
    raise ProviderUnavailable(f"{provider}: redirected more than {_REDIRECTS} times")


class _AddSecret(httpx.BaseTransport):
    """Adds the secret to the query below the client, which logs and reports the URL that it was given."""

    def __init__(self, secret: Secret, context: ssl.SSLContext, proxy: str | None) -> None:
        self._secret = secret
        self._wire = httpx.HTTPTransport(verify=context, proxy=proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self._secret.value:
            return self._wire.handle_request(request)
        if self._secret.header:
            # httpx keeps this request with its answer and its errors: the key goes into a copy.
            headers = httpx.Headers(request.headers)
            headers[self._secret.header] = f"{self._secret.before}{self._secret.value}"
            sent = httpx.Request(request.method, request.url, headers=headers, extensions=request.extensions)
            return self._wire.handle_request(sent)
        base, _, query = str(request.url).partition("?")
        pair = urlencode({self._secret.parameter: self._secret.value}, quote_via=quote)
        sent = httpx.Request(
            request.method,
            f"{base}?{query}{'&' if query else ''}{pair}",
            headers=request.headers,
            extensions=request.extensions,
        )
        return self._wire.handle_request(sent)

    def close(self) -> None:
        self._wire.close()


@cache
def _user_agent() -> str:
    try:
        return f"ticker-converter/{version('ticker-converter')}"
    except PackageNotFoundError:
        return "ticker-converter"


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _proxy(url: str) -> str | None:
    """The machine's own proxy for this address (http_proxy, https_proxy, no_proxy), which a client with a transport of
    its own would pass by."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    known = getproxies()
    return known.get(parts.scheme) or known.get("all")


def _client(url: str, timeout: float, secret: Secret) -> httpx.Client:
    _quiet()
    return httpx.Client(
        transport=_AddSecret(secret, _tls(), _proxy(url)),
        timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
        follow_redirects=False,
        # 406 for `Accept: text/csv` on Alpha Vantage's csv endpoints; */* is served everywhere.
        headers={"User-Agent": _user_agent(), "Accept": "*/*"},
    )


def _quiet() -> None:
    """httpcore writes response headers at DEBUG, and a Location or Set-Cookie may echo a key."""
    for name in (
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.http2",
        "httpcore.proxy",
        "httpcore.socks",
    ):
        logger = logging.getLogger(name)
        if _drop not in logger.filters:
            logger.addFilter(_drop)


def _drop(record: logging.LogRecord) -> bool:
    return False


def _redirected(response: httpx.Response, url: str, provider: str, secret: Secret) -> str | None:
    location = response.headers.get("location")
    if not response.is_redirect or location is None:
        return None
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
        moved = (here.hostname, here.port or _port(here.scheme)) != (
            there.hostname,
            there.port or _port(there.scheme),
        )
        secured = here.scheme == "http" and there.scheme == "https" and here.hostname == there.hostname
    except ValueError as exc:
        raise Refused(f"{provider}: redirected to an address that is none") from exc
    if (moved and not secured) or (here.scheme == "https" and there.scheme != "https"):
        elsewhere = _line(secret.hide(f"{there.scheme}://{there.hostname}"))
        raise Refused(f"{provider}: redirected to {elsewhere}, not followed: only its own host is asked")
    pairs = [pair for pair in there.query.split("&") if pair and pair.partition("=")[0] != secret.parameter]
    return secret.hide(urlunsplit((there.scheme, there.netloc, there.path, "&".join(pairs), "")))


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _read(response: httpx.Response, provider: str, deadline: float, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > limit:
            raise Unreadable(f"{provider}: the answer is larger than {limit // 2**20} MB; not read further")
        if time.monotonic() > deadline:
            raise ProviderUnavailable(f"{provider}: the answer came too slowly; try again later")
        pieces.append(piece)
    return b"".join(pieces)


def _answer(
    response: httpx.Response,
    body: bytes,
    provider: str,
    secret: Secret,
    speaks_in_bodies: bool,
    busy_in_bodies: bool,
) -> Answer:
    status = response.status_code
    if status == 429 and not (busy_in_bodies and body.strip()):
        wait = _retry_after(response.headers)
        raise ProviderBusy(f"{provider}: asks to slow down (HTTP 429); again in {wait:g} s", wait)
    if status >= 500 or status in (408, 425):
        raise ProviderUnavailable(f"{provider}: answered HTTP {status}; try again later")
    if status >= 300 and not (speaks_in_bodies and status >= 400 and body.strip()):
        raise Refused(f"{provider}: answered HTTP {status} for {_line(without_secrets(str(response.url)))}")
    clean = body
    for form in secret.forms():
        clean = clean.replace(form, MARK.encode())
    kind = response.headers.get("content-type")
    return Answer(status, clean, kind, datetime.now(UTC), clean != body)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Retry-After as seconds or as a date; a minute when it is missing or unreadable, a day at most."""
    stated = headers.get("retry-after", "").strip()
    try:
        wait = float(stated)
    except ValueError:
        try:
            then = parsedate_to_datetime(stated)
        except (ValueError, TypeError, IndexError):
            return 60.0
        wait = (then - datetime.now(then.tzinfo or UTC).replace(tzinfo=then.tzinfo)).total_seconds()
    return min(max(wait, 0.0), 86400.0) if math.isfinite(wait) else 60.0


def _line(words: str) -> str:
    """One line of at most 200 characters, without control characters."""
    return "".join(c if c.isprintable() else " " for c in words)[:200]
