"""What each command's help shows as examples; a test parses every one with the command's own parser."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("demo", "demo --no-serve"),
    "serve": ("serve", "serve --host 0.0.0.0 --port 8080 --workers 4"),
    "add": ("add AAPL --mic XNAS --unit USD", "add VOD.L --provider files --mic XLON --unit GBX"),
    "list": ("list", "list --format csv"),
    "remove": ("remove AAPL",),
    "symbol": ("symbol VOD.L", "symbol BRK-B --to alpha_vantage"),
    "sync": ("sync", "sync AAPL VOD.L --dry-run", "sync --provider ecb --since 2020-01-01"),
    "backfill": ("backfill AAPL --since 2000-01-01",),
    "replay": ("replay --provider alpha_vantage --since 2024-01-01",),
    "import": (
        "import prices prices.csv", "import prices AAPL.csv --symbol AAPL --mic XNAS --unit USD",
        "import rates eurofxref-hist.zip", "import actions actions.csv",
    ),
    "prices": (
        "prices AAPL --in GBP", "prices AAPL VOD.L --in EUR --from 2020-01-01 --adjust splits",
        "prices AAPL --in GBP --receipts", "prices AAPL --output aapl.parquet", "prices AAPL --plot",
    ),
    "rates": ("rates USD GBP --from 2020-08-01 --to 2020-08-31",),
    "convert": ("convert 100 USD GBP", "convert 1250 GBX USD --on 2020-08-30"),
    "returns": ("returns AAPL --in GBP --from 2020-01-01",),
    "value": ("value holdings.csv --in GBP", "value holdings.csv --in EUR --on 2020-12-31"),
    "explain": (
        "explain AAPL --in GBP --from 2020-01-02 --to 2020-12-31",
        "explain AAPL --in GBP --on 2020-08-28 --known-at 2024-01-01 --known-at 2024-06-01",
    ),
    "actions": ("actions AAPL --in GBP",),
    "currencies": ("currencies",),
    "runs": ("runs",),
    "gaps": ("gaps",),
    "correct": (
        "correct AAPL 2020-08-28 --close 499.23 --reason 'as the exchange says'",
    ),
    "edit": ("edit VOD.L --unit GBX --reason 'quoted in pence'",),
    "check": ("check",),
    "performers": ("performers --in GBP", "performers --in EUR --window ytd --losers --limit 5"),
    "screen": ("screen --in EUR --min-price 10 --max-price 100",),
    "summary": ("summary --in EUR", "summary --on 2020-08-28"),
    "indicators": ("indicators AAPL --names sma:20,rsi:14,macd", "indicators AAPL --in GBP --from 2020-01-01"),
    "quarantine": ("quarantine list", "quarantine show 7", "quarantine accept 7 --reason 'the exchange confirms'"),
    "status": ("status",),
    "export": ("export mart --in EUR",),
    "worker": ("worker",),
    "db": ("db status", "db upgrade --dry-run", "db url"),
    "doctor": ("doctor", "doctor --format json"),
    "backup": ("backup create", "backup create --folder /mnt/backups", "backup drill", "backup prune --dry-run"),
    "restore": ("restore --dry-run", "restore --at 2026-11-20T12:00:00Z --into look", "restore FILE.tar --replace"),
    "completion": ("completion bash",),
    "mcp": ("mcp",),
}  # fmt: skip


def epilog(command: str) -> str:
    """The end of a command's help."""
    shown = EXAMPLES.get(command, ())
    return "examples:\n" + "\n".join(f"  ticker-converter {one}" for one in shown) if shown else ""
