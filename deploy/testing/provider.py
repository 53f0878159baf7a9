"""A provider inside the stack: Alpha Vantage's daily bars of any symbol at 200, the ECB's history with the dollar at
1.25 and the pound at 0.85, for the weekdays of the last 60 days. 200 dollars are then 136 pounds on every day."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def weekdays() -> list[str]:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in range(1, 61)]
    return [day.isoformat() for day in days if day.weekday() < 5]


def daily(symbol: str) -> dict[str, object]:
    bar = {
        "1. open": "200.00", "2. high": "200.00", "3. low": "200.00", "4. close": "200.00", "5. volume": "7"
    }  # fmt: skip
    return {"Meta Data": {"2. Symbol": symbol}, "Time Series (Daily)": dict.fromkeys(weekdays(), bar)}


def history() -> bytes:
    lines = ["Date,USD,GBP", *(f"{day},1.25,0.85" for day in weekdays())]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref-hist.csv", "\n".join(lines) + "\n")
    return packed.getvalue()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        symbol = query.get("symbol", [""])[0]
        if parts.path.endswith(".zip"):
            body = history()
        elif query.get("function") == ["TIME_SERIES_DAILY"]:
            body = json.dumps(daily(symbol)).encode()
        elif query.get("function", [""])[0] in ("SPLITS", "DIVIDENDS"):
            body = json.dumps({"symbol": symbol, "data": []}).encode()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


ThreadingHTTPServer(("0.0.0.0", 9000), Handler).serve_forever()
