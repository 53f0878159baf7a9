"""URLs of servers, taken apart and put together, without printing any of it.

Refuses a URL that parses as something else than was meant: a password with a bare `@ / # %` moves the host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from ticker_converter.errors import BadSetting


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """The parts of a server's URL; None where the URL does not say."""

    user: str | None = None
    password: str | None = None
    host: str | None = None
    port: int | None = None
    name: str | None = None

    def url(self, scheme: str) -> str:
        """The parts as a URL; a host that is a folder (a unix socket) goes into the query."""
        login = quote(self.user, safe="") if self.user else ""
        if self.password is not None:
            login += f":{quote(self.password, safe='')}"
        host, query = self.host or "", ""
        if host.startswith("/"):
            host, query = "", f"?host={quote(host, safe='')}"
        elif ":" in host:
            host = f"[{host}]"
        if self.port is not None:
            query, host = (f"{query}&port={self.port}", host) if query else (query, f"{host}:{self.port}")
        at = "@" if login else ""
        return f"{scheme}://{login}{at}{host}/{quote(self.name or '', safe='')}{query}"


def address(setting: str, url: str, schemes: tuple[str, ...] | None) -> Address:
    """The parts of a URL; BadSetting names the setting when it does not say one thing only."""
    if schemes is not None and not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise BadSetting(f"{setting} is not a URL that starts with {schemes[0]}://")
    ambiguous = BadSetting(
        f"{setting} is no URL that says one thing: write @ / # % ? and spaces in a user or password as "
        "%40 %2F %23 %25 %3F %20"
    )
    if re.search(r"%(?![0-9A-Fa-f]{2})|[\s#]", url):
        raise ambiguous
    try:
        parts = urlsplit(url)
        several = "," in parts.netloc.rpartition("@")[2]
        port = None if several else parts.port
    except ValueError:
        raise ambiguous from None
    if parts.netloc.count("@") > 1 or "@" in parts.path or "@" in parts.query:
        raise ambiguous
    return Address(
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        host=None if several else parts.hostname,
        port=port,
        name=unquote(parts.path.removeprefix("/")) or None,
    )


def joined(url: str, password: str) -> str:
    """The URL with a password where it has none."""
    scheme, _, rest = url.partition("://")
    login, at, host = rest.partition("@")
    if not at:
        return url if scheme.startswith("postgres") else f"{scheme}://:{quote(password, safe='')}@{rest}"
    return f"{scheme}://{login.removesuffix(':')}:{quote(password, safe='')}@{host}"
