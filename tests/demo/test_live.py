"""README's third line, without a key: a server on loopback sends what the ECB and Alpha Vantage answered once."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.command import Cli

README = (Path(__file__).parents[2] / "README.md").read_text()
ANSWERS = {
    "TIME_SERIES_DAILY": "TIME_SERIES_DAILY_42a08190.csv",
    "SPLITS": "SPLITS_358e2618.csv",
    "DIVIDENDS": "DIVIDENDS_5b9f5d9f.csv",
    "OVERVIEW": "OVERVIEW_b1e86153.json",
}
DAYS = 120
pytestmark = pytest.mark.slow


@pytest.fixture
def live(shared: Path) -> Iterator[dict[str, str]]:
    """The settings that lead to a server with the answers of 2026-05-17 to the key `demo`, and the last fixings of the
    ECB's table of 2026-04-13."""
    with zipfile.ZipFile(shared / "ecb" / "eurofxref-hist_2026-04.zip") as archive:
        lines = archive.read("eurofxref-hist.csv").splitlines(keepends=True)[: DAYS + 1]
    table = io.BytesIO()
    with zipfile.ZipFile(table, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", b"".join(lines))
    recorded = shared / "alphavantage" / "portfoliotree_2026-05"

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            body = b""
            if url.path == "/ecb/eurofxref-hist.zip":
                body = table.getvalue()
            elif asked.get("apikey") == "demo" and asked.get("symbol") == "IBM" and "outputsize" not in asked:
                body = (recorded / ANSWERS[asked["function"]]).read_bytes()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield {
        "ECB_BASE_URL": f"{base}/ecb",
        "ALPHA_VANTAGE_BASE_URL": f"{base}/query",
        "ALPHA_VANTAGE_BURST": "50",
    }
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "words", [("--mic", "XNYS", "--unit", "USD"), ()], ids=["as in README", "asked of the provider"]
)
def test_a_share_is_added_and_fetched_without_a_key(
    cli: Cli, live: dict[str, str], words: tuple[str, ...]
) -> None:
    assert "ticker-converter add IBM --mic XNYS --unit USD && ticker-converter sync\n" in README
    added = cli("add", "IBM", *words, env=live)
    assert added.code == 0, added.stderr
    assert (added.json["mic"], added.json["unit"]) == ("XNYS", "USD")
    done = cli("sync", env=live)
    assert done.code == 0, done.stderr
    assert done.json["read"] == done.json["inserted"] > DAYS * 25
    assert done.json["calls"] == {"ecb": 1, "alpha_vantage": 3}
    bars = cli("prices", "IBM", "--in", "GBP", env=live).json["prices"]
    assert len(bars) == 100
    priced = [bar for bar in bars if bar["missing"] is None]
    late = [bar["date"] for bar in bars if bar["missing"] is not None]
    assert all(bar["rate_date"] <= bar["date"] for bar in priced)
    assert min(late) == "2026-04-21", "the recorded rates end on 2026-04-13 and hold for 7 days"
    assert {bar["missing"] for bar in bars} == {None, "rate_too_old"}
