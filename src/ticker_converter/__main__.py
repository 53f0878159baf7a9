"""`python -m ticker_converter` is the command line."""

from __future__ import annotations

from ticker_converter.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
