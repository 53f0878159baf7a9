"""Sources of prices, rates and actions, one file each; found by the entry point group `ticker_converter.providers`.

A provider plans calls, fetches bytes and parses bytes. It never touches the database, never rescues an error to
call it "no data", and never tidies what was published.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from ticker_converter.errors import Usage
from ticker_converter.providers.base import Provider
from ticker_converter.records import Publisher

__all__ = ["Provider", "names", "provider", "publisher"]

GROUP = "ticker_converter.providers"


def names() -> list[str]:
    """The installed providers' names, sorted."""
    return sorted(point.name for point in entry_points(group=GROUP))


def provider(name: str) -> type[Provider]:
    """The provider class of that name; Usage if there is none."""
    for point in entry_points(group=GROUP, name=name):
        found: type[Provider] = point.load()
        return found
    raise Usage(f"unknown provider {name!r}: known are {', '.join(names())}")


def publisher(name: str) -> Publisher | None:
    """Whose rates the provider of that name brings; None for one that does not say, and for a name that is none."""
    if name not in names():
        return None
    found: Publisher | None = getattr(provider(name), "publisher", None)
    return found
