"""Which refusal an Alpha Vantage notice is: it comes with HTTP 200, and the text decides, not the key it stands under.

The rate limit stood under Information in 2018, under Note from November 2018 and under Information again from 2023. The
burst notice also names the 25 requests a day, and the daily one also names premium plans, so the order of the rules
matters. A notice may echo the key: no message made here quotes more than its beginning, with the key taken out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ticker_converter.errors import (
    BadKey,
    NoSuchSymbol,
    NotEntitled,
    ProviderBusy,
    QuotaSpent,
    Refused,
    TickerConverterError,
)

KEYS = ("Information", "Note", "Error Message", "Message", "message", "Error", "error")
_BURST_WAIT = 2.0
"Seconds. One a second is stated; one in two seconds was found to work (finance-quote#546, December 2025)."
_MINUTE = 60.0
_ECHO = re.compile(r"(api\s?key\s+(?:as|is)\s+)\S+", re.IGNORECASE)

# Each with the year it was read in; PROVIDERS 1.3 and docs/reference/providers.md have the texts.
_ARTIFICIAL = re.compile(r"artificial|for illustration purposes", re.IGNORECASE)  # 2026, REALTIME_BULK_QUOTES
_DEMO = re.compile(r"demo\W*\s+api key|for demo purposes", re.IGNORECASE)  # 2020-2026
_BAD_KEY = re.compile(r"apikey is invalid or missing|api\s?key .{0,20}(?:invalid|missing)", re.IGNORECASE)
_NO_FUNCTION = re.compile(r"api function .{0,80}does not exist", re.IGNORECASE)
_INVALID_CALL = re.compile(r"invalid (?:api call|inputs)", re.IGNORECASE)
_BURST = re.compile(r"requests? per second|more sparingly|burst", re.IGNORECASE)  # December 2025
_PER_MINUTE = re.compile(
    r"(?:calls?|requests?) per minute|call frequency|higher api call volume|call volume", re.IGNORECASE
)  # 2018-2023
_PER_DAY = re.compile(
    r"(?:requests?|calls?) per day|daily (?:rate )?limit|api rate limit is", re.IGNORECASE
)  # 2024-
_PREMIUM = re.compile(
    r"premium (?:endpoint|feature|membership|function)|alpha vantage coin", re.IGNORECASE
)  # 2022-


def notice(body: Mapping[str, object]) -> str | None:
    """The provider's words, if the body carries any: the first text under one of `KEYS`."""
    for key in KEYS:
        words = body.get(key)
        if isinstance(words, str):
            return words
    return None


def is_sample(words: str) -> bool:
    """Whether the notice says that the data beside it are made up."""
    return bool(_ARTIFICIAL.search(words))


def refusal(words: str, function: str | None = None, symbol: str | None = None) -> TickerConverterError:
    """The error that a notice is."""
    what = " ".join(part for part in (function, symbol) if part) or "the call"
    if _DEMO.search(words):
        return NotEntitled(
            f"Alpha Vantage: the demo key does not answer {what}, only the calls of its documentation: "
            "set ALPHA_VANTAGE_API_KEY to a key of your own"
        )
    if _BAD_KEY.search(words):
        return BadKey("Alpha Vantage: the key is missing or not accepted: check ALPHA_VANTAGE_API_KEY")
    if _NO_FUNCTION.search(words):
        return Refused(f"Alpha Vantage: has no function {function or 'of that name'}")
    if _INVALID_CALL.search(words):
        if symbol:
            return NoSuchSymbol(
                f"Alpha Vantage: refused {what} as an invalid call: it does not know the symbol"
            )
        named = re.search(r"for ([A-Z][A-Z_0-9]+)\.?", words)
        return NoSuchSymbol(
            f"Alpha Vantage: refused {named.group(1) if named else what} as an invalid call: "
            "the symbol is unknown there or a parameter is wrong"
        )
    if _BURST.search(words):
        return ProviderBusy(
            f"Alpha Vantage: {what} came too soon after the last call (one a second)", _BURST_WAIT
        )
    if _PER_MINUTE.search(words):
        return ProviderBusy(f"Alpha Vantage: too many calls a minute at {what}; again in a minute", _MINUTE)
    if _PREMIUM.search(words):
        return NotEntitled(f"Alpha Vantage: {what} needs a premium plan; the key may not call it")
    if _PER_DAY.search(words):
        return QuotaSpent(
            f"Alpha Vantage: the key's calls of today are spent, {what} was refused; goes on tomorrow"
        )
    return Refused(f"Alpha Vantage: refused {what}: {_quoted(words)}")


def csv_notice(header: Sequence[str], row: Sequence[str]) -> TickerConverterError | None:
    """The refusal in a csv body, whose first row spells the key of the notice, one letter a column, as far as the
    columns reach: `I,n,f,o,r,m,a` under a header of seven (EARNINGS_CALENDAR, 2026). The text itself is lost."""
    letters = [cell.strip() for cell in row]
    while letters and not letters[-1]:
        letters.pop()
    spelled = "".join(letters)
    if len(letters) < 3 or len(letters) > len(header) or any(len(cell) > 1 for cell in letters):
        return None
    if "Information".startswith(spelled):
        return QuotaSpent(
            "Alpha Vantage: answered a csv call with a notice cut to letters: today's calls are spent"
        )
    if "Note".startswith(spelled):
        return ProviderBusy(
            "Alpha Vantage: answered a csv call with a note cut to its first letters", _MINUTE
        )
    if "Error Message".replace(" ", "").startswith(spelled):
        return Refused("Alpha Vantage: answered a csv call with an error cut to its first letters")
    return None


def _quoted(words: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in _ECHO.sub(r"\1[redacted]", words))
    return repr(clean[:120] + ("..." if len(clean) > 120 else ""))
