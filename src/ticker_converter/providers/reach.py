"""Whether a provider's host answers, and what time it has. A HEAD of the host's root: it spends no quota and carries no
key."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from ticker_converter.errors import ProviderUnavailable


def clock(url: str, timeout: float = 3.0) -> datetime | None:
    """The host's time to the second, None if it does not tell; ProviderUnavailable when it does not answer."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    try:
        answer = httpx.head(f"{parts.scheme}://{host}/", timeout=timeout, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ProviderUnavailable(f"{host} does not answer: {said}") from error
    try:
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
