"""What a provider is: identity and quota as data, `calls` to plan, `fetch` to get bytes, `parse` to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from ticker_converter.errors import BadSetting
from ticker_converter.records import Basis, Call, Parsed, Payload, Publisher, Window


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


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a source before it is asked. The documentation of providers has each of them; a provider that is
    not part of this package need not state any."""

    title: str
    "Its name as it writes it itself."
    serves: str
    basis: Mapping[str, Basis]
    "Of each kind of body: as traded (`raw`), adjusted for `splits`, or for `all`."
    unit: str | None
    "The unit of all its prices, where it is one; None: the body says it, or nobody does."
    time_zone: str
    published: str
    "When a day's figures are there, and when they are final."
    convention: Literal["ex_close", "prior_close"] | None
    "How its own adjusted close takes a dividend off: against the close of the ex-date or of the day before."
    terms: str
    "Where its terms of use stand."
    official: bool = True
    "False: no documented interface; off until UNOFFICIAL_SOURCES names it."
    seen: Literal["recorded", "documented"] = "recorded"
    "`recorded`: read against recorded answers; `documented`: against its documentation alone, never run live."


def off(facts: Facts, name: str) -> BadSetting:
    """Why an unofficial source is not asked."""
    return BadSetting(
        f"{facts.title} has no documented interface and is off: UNOFFICIAL_SOURCES={name} turns it on; "
        f"its terms: {facts.terms}"
    )


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
