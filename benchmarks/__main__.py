"""Runs the benchmarks by name: `python -m benchmarks ingest --rows 1000000 --rounds 3`."""

from __future__ import annotations

import argparse
import sys

from benchmarks import ingest, page, queries, start


def main() -> None:
    """Read the words, run, print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=False)
    one = commands.add_parser("ingest", help="import of daily bars beside COPY of the same bars (I1, I2, I4)")
    ingest.add_arguments(one)
    two = commands.add_parser(
        "queries", help="reading beside the plainest reading of the same rows (Q1, Q2, Q3, I3)"
    )
    queries.add_arguments(two)
    page.add_arguments(commands.add_parser("page", help="the web app in Chromium beside an empty page"))
    start.add_arguments(commands.add_parser("start", help="how long a command takes to start (C1)"))
    words = sys.argv[1:] or ["ingest"]
    given = parser.parse_args(words)
    print({"ingest": ingest, "queries": queries, "page": page, "start": start}[given.command].run(given))  # noqa: T201


if __name__ == "__main__":
    main()
