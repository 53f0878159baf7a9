"""Recorded answers of the other providers go through `import payload`, twice; what is not daily is landed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support.command import Cli

PARTS = ("inserted", "unchanged", "revised", "outranked", "quarantined")
US = ("--unit", "USD", "--mic", "XNAS")
#: provider, file under the shared data, options, rows read, whether something is stored.
RECORDED = [
    ("tiingo", "tiingo/ticker_price_with_date.yaml", US, 2),
    ("tiingo", "tiingo/ticker_price_with_date_csv.yaml", US, 2),
    ("tiingo", "tiingo/ticker_metadata.yaml", US, 0),
    ("yahoo", "yahoo/pricehist/ibm-long-partial.json", (), 27),
    ("yahoo", "yahoo/pricehist/tsla-recent.json", (), 5),
    ("yahoo", "yahoo/pricehist/inrx-with-null.json", (), 3),
    ("polygon", "polygon/v2_aggs_ticker_AAPL_range_1_day_2005-04-01_2005-04-04.json", (), 2),
    ("polygon", "polygon/v3_reference_splits.json", (), 10),
    ("polygon", "polygon/v3_reference_dividends.json", (), 10),
    ("polygon", "polygon/v3_reference_exchanges.json", (), 0),
    ("stooq", "stooq/aapl.us.txt", ("--symbol", "AAPL", *US), 8364),
    ("stooq", "stooq/tsla.us.txt", ("--symbol", "TSLA", *US), 1858),
]


@pytest.mark.parametrize(
    ("provider", "file", "options", "read"), RECORDED, ids=[one[1].rpartition("/")[2] for one in RECORDED]
)
def test_a_recorded_answer_is_imported_and_a_second_time_changes_nothing(
    cli: Cli, shared: Path, provider: str, file: str, options: tuple[str, ...], read: int
) -> None:
    words = ("import", "payload", "--provider", provider, shared / file, *options)
    first = cli(*words)
    assert first.code == 0 and first.json["read"] == read, first.stderr
    assert first.json["read"] == sum(first.json[part] for part in PARTS)
    second = cli(*words)
    assert second.code == 0 and second.json["inserted"] == second.json["revised"] == 0
    assert second.json["read"] == read == sum(second.json[part] for part in PARTS)
    if not read:
        assert "landed, not loaded" in first.stderr or "holds no bar" in first.stderr


def test_a_listing_unit_of_the_answer_is_enough(cli: Cli, shared: Path, database: str) -> None:
    """Yahoo and Massive say the currency: nothing has to be said by hand."""
    done = cli("import", "payload", "--provider", "yahoo", shared / "yahoo/pricehist/tsla-recent.json")
    assert done.code == 0 and done.json["inserted"] == 5
    with psycopg.connect(database) as conn:
        found = conn.execute("SELECT symbol, unit FROM mart.instrument").fetchall()
    assert found == [("TSLA", "USD")]


def test_bars_whose_splits_are_not_all_there_are_no_raw_prices(cli: Cli, shared: Path) -> None:
    """TSLA's 243.26 of 2021-01-04 was 729.77 on that day: the split of 2022 is not in the body."""
    cli("import", "payload", "--provider", "yahoo", shared / "yahoo/pricehist/tsla-recent.json")
    refused = cli("prices", "TSLA", "--adjust", "none")
    assert refused.code == 4 and "basis" in refused.stderr
