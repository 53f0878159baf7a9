"""Symbols in every provider's spelling and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker_converter.errors import Usage
from ticker_converter.market.symbols import (
    PROVIDERS,
    check_symbol,
    from_provider,
    mic_of,
    spellings,
    to_provider,
)
from ticker_converter.market.tables import rows

SPELLED = [
    ("AAPL", "alpha_vantage", "AAPL"),
    ("TSCO.L", "alpha_vantage", "TSCO.LON"),
    ("SHOP.TO", "alpha_vantage", "SHOP.TRT"),
    ("GPV.V", "alpha_vantage", "GPV.TRV"),
    ("MBG.DE", "alpha_vantage", "MBG.DEX"),
    ("RELIANCE.BO", "alpha_vantage", "RELIANCE.BSE"),
    ("600104.SS", "alpha_vantage", "600104.SHH"),
    ("000002.SZ", "alpha_vantage", "000002.SHZ"),
    ("TCO2.F", "alpha_vantage", "TCO2.FRK"),
    ("PETR4.SA", "alpha_vantage", "PETR4.SAO"),
    ("ASML.AS", "alpha_vantage", "ASML.AMS"),
    ("MC.PA", "alpha_vantage", "MC.PAR"),
    ("BT-A.L", "alpha_vantage", "BT-A.LON"),
    ("BRK-B", "alpha_vantage", "BRK-B"),
    ("BAC-PL", "alpha_vantage", "BAC-P-L"),
    ("VOD.L", "yahoo", "VOD.L"),
    ("7203.T", "yahoo", "7203.T"),
    ("^GSPC", "yahoo", "^GSPC"),
    ("EURUSD=X", "yahoo", "EURUSD=X"),
    ("BRK-B", "tiingo", "BRK-B"),
    ("BAC-PL", "tiingo", "BAC-P-L"),
    ("AAPL", "stooq", "aapl.us"),
    ("VOD.L", "stooq", "vod.uk"),
    ("7203.T", "stooq", "7203.jp"),
    ("0700.HK", "stooq", "700.hk"),
    ("PKN.WA", "stooq", "pkn"),
    ("BRK-B", "stooq", "brk-b.us"),
    ("BRK-B", "polygon", "BRK.B"),
    ("BAC-PL", "polygon", "BACpL"),
    ("AAPL", "eodhd", "AAPL.US"),
    ("VOD.L", "eodhd", "VOD.LSE"),
    ("SAP.DE", "eodhd", "SAP.XETRA"),
    ("VOLV-B.ST", "eodhd", "VOLV-B.ST"),
    ("BRK-B", "eodhd", "BRK-B.US"),
    ("SAP.DE", "fmp", "SAP.DE"),
    ("BRK-B", "twelve_data", "BRK.B"),
    ("VOD.L", "twelve_data", "VOD:LSE"),
    ("NA", "polygon", "NA"),
    ("NAN", "alpha_vantage", "NAN"),
    ("ON", "stooq", "on.us"),
    ("TRUE", "eodhd", "TRUE.US"),
    ("VUSA.L", "files", "VUSA.L"),
]


@pytest.mark.parametrize(("symbol", "provider", "spelled"), SPELLED)
def test_a_symbol_is_spelled_as_the_provider_spells_it_and_back(
    symbol: str, provider: str, spelled: str
) -> None:
    assert to_provider(symbol, provider) == spelled
    assert from_provider(spelled, provider) == symbol
    assert spellings(symbol)[provider] == spelled


def test_alpha_vantage_also_reads_a_class_share_with_a_dot() -> None:
    assert from_provider("BRK.B", "alpha_vantage") == "BRK-B"


@pytest.mark.parametrize(
    ("symbol", "mic"),
    [
        ("AAPL", None),
        ("BRK-B", None),
        ("VOD.L", "XLON"),
        ("7203.T", "XTKS"),
        ("SAP.DE", "XETR"),
        ("RY.TO", "XTSE"),
        ("PETR4.SA", "BVMF"),
        ("ENI.MI", "XMIL"),
        ("6488.TWO", "ROCO"),
        ("DX-Y.NYB", None),
        ("^FTSE", None),
    ],
)
def test_the_exchange_is_read_from_the_suffix_alone(symbol: str, mic: str | None) -> None:
    assert mic_of(symbol) == mic


def test_a_given_exchange_stands_in_for_a_missing_suffix() -> None:
    assert to_provider("VOD", "alpha_vantage", mic="XLON") == "VOD.LON"
    assert to_provider("AAPL", "stooq", mic="XNAS") == "aapl.us"


@pytest.mark.parametrize(
    ("symbol", "provider"),
    [
        ("7203.T", "alpha_vantage"),
        ("VOD.L", "tiingo"),
        ("VOD.L", "polygon"),
        ("^GSPC", "stooq"),
        ("EURUSD=X", "eodhd"),
        ("EMAAR.AE", "stooq"),
    ],
)
def test_a_symbol_that_a_provider_cannot_spell_is_refused_with_its_name(symbol: str, provider: str) -> None:
    with pytest.raises(Usage) as refused:
        to_provider(symbol, provider)
    assert symbol in str(refused.value) and provider in str(refused.value)
    assert spellings(symbol)[provider] is None


def test_a_dotted_share_class_is_answered_with_the_canonical_spelling() -> None:
    with pytest.raises(Usage, match=r"did you mean BRK-B\?"):
        to_provider("BRK.B", "alpha_vantage")


def test_an_unknown_provider_or_suffix_is_refused_by_name() -> None:
    with pytest.raises(Usage, match="unknown provider 'bloomberg': known are alpha_vantage"):
        to_provider("AAPL", "bloomberg")
    with pytest.raises(Usage, match="'XYZ'"):
        from_provider("VOD.XYZ", "eodhd")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("aapl", "did you mean AAPL?"),
        ("VOD.L ", "did you mean VOD.L?"),
        ("A B", "' ' not allowed"),
        ("A/B", "'/' not allowed"),
        ("CASH:USD", "':' not allowed"),
        ("A\nB", r"'\n' not allowed"),
        ("\u00c5BC", "not allowed"),
        ("-P-HIZ", "expected letters or digits"),
        ("A..B", "expected letters or digits"),
        ("AAPL.", "expected letters or digits"),
        ("^", "expected letters or digits"),
        ("A" * 25, "25 characters"),
        ("A" * 1_000_000, "1000000 characters"),
    ],
)
def test_what_is_no_symbol_is_refused_in_one_short_line(text: str, says: str) -> None:
    with pytest.raises(Usage) as refused:
        check_symbol(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "text",
    ["A", "BRK-B", "VOD.L", "7203.T", "NA", "NAN", "ON", "TRUE", "^GSPC", "EURUSD=X", "M&M.NS", "DX-Y.NYB"],
)
def test_what_is_a_symbol_is_returned_unchanged(text: str) -> None:
    assert check_symbol(text) == text


@given(st.text(max_size=30))
def test_any_text_is_a_symbol_or_a_usage_error(text: str) -> None:
    try:
        assert check_symbol(text) == text
    except Usage as error:
        assert "\n" not in str(error)


@given(
    st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True),
    st.sampled_from(sorted({row["yahoo_suffix"] for row in rows("exchange")})),
    st.sampled_from(PROVIDERS),
)
def test_what_a_provider_can_spell_comes_back_as_it_was(ticker: str, suffix: str, provider: str) -> None:
    symbol = f"{ticker}.{suffix}" if suffix else ticker
    spelled = spellings(symbol)[provider]
    if spelled is not None and not (suffix == "HK" and provider == "stooq"):
        assert from_provider(spelled, provider) == symbol


def test_exchanges_have_distinct_codes_and_real_time_zones() -> None:
    from zoneinfo import ZoneInfo

    codes = [row["mic"] for row in rows("exchange")]
    assert len(codes) == len(set(codes))
    for row in rows("exchange"):
        assert len(row["mic"]) == 4 and len(row["country"]) == 2
        assert ZoneInfo(row["time_zone"])
