"""Writes src/ticker_converter/sample from the real data beside the checkout, as its manifest says.

Rows are copied byte for byte, in their order, with their file's own header. Refused: more than 60 rows of a series
whose copy has no licence, and a span of the manifest that its source does not hold.
"""

from __future__ import annotations

import csv
import os
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src" / "ticker_converter" / "sample"
MOST_UNLICENSED = 60


def build(data: Path) -> dict[str, bytes]:
    """The sample's data files by name."""
    rows = list(csv.DictReader((SAMPLE / "manifest.csv").read_text().splitlines()))
    made: dict[str, bytes] = {}
    for name in dict.fromkeys(row["file"] for row in rows):
        spans = [row for row in rows if row["file"] == name]
        header, *lines = _lines(data / spans[0]["source"])
        kept = []
        for line in lines:
            day = line[:10].decode()
            if any(span["first"] <= day <= span["last"] for span in spans):
                kept.append(line)
        days = {line[:10].decode() for line in kept}
        for span in spans:
            if span["kind"] != "rates" and not {span["first"], span["last"]} <= days:
                raise SystemExit(f"{span['source']} does not reach from {span['first']} to {span['last']}")
            if span["licence"] == "none stated" and len(kept) > MOST_UNLICENSED:
                raise SystemExit(f"{name}: {len(kept)} rows of a series without a licence")
        made[name] = b"".join([header, *kept])
    made["actions.csv"] = _actions(data)
    return made


def _lines(path: Path) -> list[bytes]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.namelist()
            return archive.read(member).splitlines(keepends=True)
    return path.read_bytes().splitlines(keepends=True)


def _actions(data: Path) -> bytes:
    """Apple's split as worked out from its own prices; Shin-Etsu's as the columns of its table state them."""
    out = ["symbol,ex_date,kind,value,unit"]
    with (data / "reference" / "splits_mag7.csv").open(newline="") as handle:
        for row in csv.DictReader(handle):
            if row["symbol"] == "AAPL" and row["effective_date"] >= "2020":
                out.append(f"AAPL,{row['effective_date']},split,{row['factor']},")
    with (data / "yahoo" / "yfinance_repair" / "4063-T-1d-bad-stock-split.csv").open(newline="") as handle:
        for row in csv.DictReader(handle):
            if row["Stock Splits"] != "0":
                out.append(f"4063.T,{row['Date'][:10]},split,{row['Stock Splits']},")
            if row["Dividends"] != "0":
                out.append(f"4063.T,{row['Date'][:10]},dividend,{row['Dividends']},JPY")
    return "".join(f"{line}\n" for line in out).encode()


def main() -> None:
    beside = os.environ.get("TICKER_CONVERTER_SHARED") or ROOT.parent / "shared" / "data"
    data = Path(sys.argv[1] if len(sys.argv) > 1 else beside)
    for name, body in build(data).items():
        (SAMPLE / name).write_bytes(body)
        print(f"{name}: {body.count(bytes([10]))} lines, {len(body)} bytes")


if __name__ == "__main__":
    main()
