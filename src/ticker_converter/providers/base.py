"""What a provider is: identity and quota as data, `calls` to plan, `fetch` to get bytes, `parse` to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from ticker_converter.records import Call, Parsed, Payload, Publisher, Window


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls allowed per second, minute, hour, day and month (None: no such limit). The zone's midnight resets the day
    and the month; the others are any such span of time."""

    per_second: int | None = None
    per_minute: int | None = None
    per_day: int | None = None
    time_zone: str = "UTC"
    per_hour: int | None = None
    per_month: int | None = None


class Provider(Protocol):
    """One source. Made with its own settings as a mapping (key, base_url, timeout, ...)."""

    name: ClassVar[str]
    parser_version: ClassVar[int]
    "Raised whenever `parse` reads the same bytes differently; `replay` then parses landed payloads again."

    publisher: ClassVar[Publisher | None]
    "Whose rates they are; may be left out where a provider brings none."

    def __init__(self, settings: Mapping[str, object]) -> None: ...

    def quota(self) -> Quota:
        """The limits that hold for the configured key."""

    def calls(self, kind: str, symbol: str | None, window: Window, stored_until: object) -> Sequence[Call]:
        """The calls that would bring `kind` (prices, rates, actions, listing) for `symbol` (the provider's spelling)
        over `window`; `stored_until` is the last stored date or None. No call is made."""

    def fetch(self, call: Call) -> Payload:
        """Make one call. Network failures and 5xx raise Transient errors; the body is returned whatever it says, with
        an echoed key replaced (and `redacted` set)."""

    @classmethod
    def parse(cls, payload: Payload) -> Parsed:
        """Read a payload. A refusal that came with HTTP 200 raises the error it is (QuotaSpent, ProviderBusy,
        NotEntitled, BadKey, NoSuchSymbol); bytes that are not what they should be raise Unreadable."""
