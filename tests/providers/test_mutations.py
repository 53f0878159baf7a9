"""Damaged recordings: a parser either reads the bytes or raises an error of ours, never another one.

`HYPOTHESIS_PROFILE=long` tries forty times as many.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.providers.given import counts, parse, payload
from tests.providers.seeds import AWKWARD, PRICES, SEEDS, short
from ticker_converter.errors import TickerConverterError
from ticker_converter.records import ACTION_COLUMNS, BAR_COLUMNS, RATE_COLUMNS


@st.composite
def damaged(draw, whole):
    """The bytes with one to four changes: cut, doubled, swapped for something awkward, or flipped."""
    data = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 5, 20, 200])))
        change = draw(st.sampled_from(["cut", "keep", "awkward", "awkward", "bytes", "double", "flip"]))
        if change == "cut":
            data = data[:start] + data[end:]
        elif change == "keep":
            data = data[:start]
        elif change == "awkward":
            data = data[:start] + draw(st.sampled_from(AWKWARD)) + data[end:]
        elif change == "bytes":
            data = data[:start] + draw(st.binary(max_size=12)) + data[end:]
        elif change == "double":
            data = data[:end] + data[start:end] + data[end:]
        elif start < len(data):
            data = data[:start] + bytes([data[start] ^ draw(st.integers(1, 255))]) + data[start + 1 :]
    return data


@pytest.mark.parametrize("seed", SEEDS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_in_one_line(seed, data):
    provider, whole, request, options = SEEDS[seed]
    body = data.draw(damaged(whole))
    try:
        parsed = parse(payload(provider, body, request, options=options))
        frames = [*parsed.bars, *parsed.rates, *parsed.actions]
    except TickerConverterError as error:
        assert str(error)
        assert "\n" not in str(error)
        return
    for frame in frames:
        columns = tuple(name for name in frame.columns if name != "wrong")
        assert columns in (BAR_COLUMNS, RATE_COLUMNS, ACTION_COLUMNS)
        assert frame["row"].null_count() == 0
        assert not any("\0" in cell for row in frame.rows() for cell in row if isinstance(cell, str))


@pytest.mark.parametrize("seed", SEEDS)
@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(seed, body):
    provider, _, request, options = SEEDS[seed]
    try:
        counts(parse(payload(provider, body, request, options=options)))
    except TickerConverterError as error:
        assert str(error)


OPTIONS = st.dictionaries(st.sampled_from(["columns", "date_format", "symbol", "unit"]), st.text(max_size=20))


@given(request=st.text(max_size=60), option=OPTIONS)
def test_any_request_and_any_option_is_read_or_refused(request, option):
    for provider, body in (("alpha_vantage", short("av_daily_ibm.csv")), ("files", PRICES)):
        try:
            counts(parse(payload(provider, body, request, options={"kind": "prices", **option})))
        except TickerConverterError as error:
            assert "\n" not in str(error)
