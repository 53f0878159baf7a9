"""Symbols across providers. The canonical spelling is Yahoo's (`AAPL`, `BRK-B`, `VOD.L`, `7203.T`); each provider's
own is derived from it by the suffix of the exchange. Symbols are plain text: NA, NAN, ON and TRUE are tickers. Says
nothing of units or currencies, and does not know whether an instrument exists.
"""

from __future__ import annotations

import re
from functools import cache

from ticker_converter.errors import Usage
from ticker_converter.market.tables import rows

PROVIDERS = (
    "alpha_vantage", "eodhd", "files", "fmp", "lean", "polygon", "stooq", "tiingo", "twelve_data", "yahoo",
)  # fmt: skip

_LONGEST = 24
_SHAPE = re.compile(r"\^?[A-Z0-9][A-Z0-9&]*(?:[.\-=][A-Z0-9&]+)*")
_SAME = {"files", "fmp", "yahoo"}
_UNITED_STATES_ONLY = {"lean", "polygon", "tiingo"}
_LOWER_CASE = {"lean", "stooq"}
#: The country whose symbols a provider writes without a suffix.
_BARE = {
    "alpha_vantage": "US",
    "lean": "US",
    "polygon": "US",
    "stooq": "PL",
    "tiingo": "US",
    "twelve_data": "US",
}
_SEPARATOR = {"alpha_vantage": ".", "stooq": ".", "eodhd": ".", "twelve_data": ":"}


def check_symbol(text: str) -> str:
    """The symbol itself if it has the shape of one (it need not exist); else Usage saying what is wrong."""
    if not text:
        raise Usage("the symbol is empty: expected one such as AAPL or VOD.L")
    if len(text) > _LONGEST:
        raise Usage(f"symbol {text[:_LONGEST]!r}...: {len(text)} characters, at most {_LONGEST} are allowed")
    if _SHAPE.fullmatch(text):
        return text
    if _SHAPE.fullmatch(text.strip().upper()):
        raise Usage(
            f"symbol {text!r}: symbols are upper case without spaces: did you mean {text.strip().upper()}?"
        )
    strange = sorted({letter for letter in text if not re.match(r"[A-Z0-9.\-=^&]", letter)})
    if strange:
        shown = " ".join(ascii(letter) for letter in strange[:5])
        raise Usage(
            f"symbol {ascii(text)}: {shown} not allowed: expected A-Z, 0-9 and . - = ^ & as in BRK-B or VOD.L"
        )
    raise Usage(
        f"symbol {text!r}: expected letters or digits, parted by single . - or =, as in BRK-B or VOD.L"
    )


def mic_of(symbol: str) -> str | None:
    """The exchange named by a canonical symbol's suffix (`VOD.L`: XLON); None without one, as in the United States."""
    _, _, suffix = symbol.rpartition(".")
    return _suffixes("yahoo").get(suffix) if "." in symbol else None


def to_provider(symbol: str, provider: str, mic: str | None = None) -> str:
    """A canonical symbol in a provider's spelling. `mic` tells the exchange of a symbol without a suffix (default: the
    United States). Usage if the provider has no spelling for that exchange or kind of symbol."""
    check_symbol(symbol)
    _known(provider)
    if provider in _SAME:
        return symbol
    found = mic_of(symbol)
    ticker = symbol.rpartition(".")[0] if found else symbol
    exchange = _exchanges().get(found or mic or "XNYS")
    if "^" in symbol or "=" in symbol or "." in ticker or exchange is None:
        raise Usage(f"{provider} has no spelling for {symbol}{_hint(symbol)}")
    home = exchange["country"] == "US"
    if provider in _UNITED_STATES_ONLY and not home:
        raise Usage(f"{provider} has no spelling for {symbol}: it covers the United States only")
    if home:
        ticker = _rewrite(ticker, _CLASSES.get(provider, ()))
    if provider in _LOWER_CASE:
        ticker = ticker.lower()
    if provider == "stooq" and exchange["mic"] == "XHKG":
        ticker = ticker.lstrip("0")
    suffix = exchange.get(_column(provider), "")
    if not suffix and _BARE.get(provider) != exchange["country"]:
        raise Usage(f"{provider} has no spelling for {symbol}: none is known for {exchange['name']}")
    return f"{ticker}{_SEPARATOR[provider]}{suffix}" if suffix else ticker


def from_provider(symbol: str, provider: str) -> str:
    """A provider's spelling as the canonical symbol; Usage if it cannot be read."""
    _known(provider)
    if provider in _SAME:
        return check_symbol(symbol)
    ticker, mic = symbol, None
    if provider in _SEPARATOR and _SEPARATOR[provider] in symbol:
        left, _, suffix = symbol.rpartition(_SEPARATOR[provider])
        mic = _suffixes(provider).get(suffix)
        if mic is not None:
            ticker = left
        elif provider != "alpha_vantage" or not re.fullmatch(r"[A-Z]{1,2}", suffix):
            raise Usage(f"symbol {symbol!r}: {provider} has no known exchange {suffix!r}")
    if provider in _LOWER_CASE:
        ticker = ticker.upper()
    if provider == "stooq" and mic == "XHKG":
        ticker = ticker.rjust(4, "0")
    exchange = _exchanges()[mic or ("XWAR" if provider == "stooq" else "XNYS")]
    if exchange["country"] == "US":
        return check_symbol(_rewrite(ticker, _CLASSES_BACK.get(provider, ())))
    return check_symbol(f"{ticker}.{exchange['yahoo_suffix']}")


def table(provider: str) -> str:
    """Whose spelling a provider uses: its own, or (one that is not part of this package) ours."""
    return provider if provider in PROVIDERS else "files"


def spellings(symbol: str, mic: str | None = None) -> dict[str, str | None]:
    """A canonical symbol in every provider's spelling; None where the provider has none."""
    check_symbol(symbol)
    found: dict[str, str | None] = {}
    for provider in PROVIDERS:
        try:
            found[provider] = to_provider(symbol, provider, mic)
        except Usage:
            found[provider] = None
    return found


#: Endings of share classes, preferred shares, warrants, units and rights in the United States: Yahoo's, then the
#: provider's. Alpha Vantage: LISTING_STATUS of 2026-05-17 (BRK-B; 71 end in -P-A, 119 in -WS, 66 in -U, 41 in -R).
_CLASSES = {
    "alpha_vantage": ((r"-P([A-Z])", r"-P-\1"), (r"-WT", "-WS"), (r"-UN", "-U"), (r"-RI", "-R")),
    "tiingo": ((r"-P([A-Z])", r"-P-\1"), (r"-WT", "-WS"), (r"-UN", "-U")),
    "polygon": ((r"-P([A-Z])", r"p\1"), (r"-WT", ".WS"), (r"-UN", ".U"), (r"-([A-Z])", r".\1")),
    "twelve_data": ((r"-([A-Z])", r".\1"),),
    "lean": ((r"-([A-Z])", r".\1"),),
}
_CLASSES_BACK = {
    "alpha_vantage": (
        (r"-P-([A-Z])", r"-P\1"), (r"-WS", "-WT"), (r"-U", "-UN"), (r"-R", "-RI"), (r"\.([A-Z]{1,2})", r"-\1"),
    ),
    "tiingo": ((r"-P-([A-Z])", r"-P\1"), (r"-WS", "-WT"), (r"-U", "-UN")),
    "polygon": ((r"p([A-Z])", r"-P\1"), (r"\.WS", "-WT"), (r"\.U", "-UN"), (r"\.([A-Z])", r"-\1")),
    "twelve_data": ((r"\.([A-Z])", r"-\1"),),
    "lean": ((r"\.([A-Z])", r"-\1"),),
}  # fmt: skip


def _rewrite(ticker: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        changed, count = re.subn(rf"(?<=[A-Z0-9]){pattern}$", replacement, ticker)
        if count:
            return changed
    return ticker


def _hint(symbol: str) -> str:
    if re.fullmatch(r"[A-Z]+\.[A-Z]{1,2}", symbol) and mic_of(symbol) is None:
        return f": did you mean {symbol.replace('.', '-')}?"
    return ": it has plain shares and funds only, with a suffix that names a known exchange"


def _known(provider: str) -> None:
    if provider not in PROVIDERS:
        raise Usage(f"unknown provider {provider!r}: known are {', '.join(PROVIDERS)}")


def _column(provider: str) -> str:
    return "twelve_data_exchange" if provider == "twelve_data" else f"{provider}_suffix"


@cache
def _exchanges() -> dict[str, dict[str, str]]:
    return {row["mic"]: row for row in rows("exchange")}


@cache
def _suffixes(provider: str) -> dict[str, str]:
    """Which exchange a suffix means; of several with one suffix, the first row."""
    found: dict[str, str] = {}
    for row in rows("exchange"):
        if suffix := row[_column(provider)]:
            found.setdefault(suffix, row["mic"])
    return found
