"""A small warehouse loaded by the commands themselves, and a provider on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.command import Cli

RATES = """base,quote,date,rate,source
EUR,USD,2020-08-27,1.1806,ecb
EUR,USD,2020-08-28,1.1915,ecb
EUR,USD,2020-08-31,1.1940,ecb
EUR,GBP,2020-08-27,0.89505,ecb
EUR,GBP,2020-08-28,0.89468,ecb
EUR,GBP,2020-08-31,0.89605,ecb
"""
PRICES = """symbol,date,open,high,low,close,volume,unit,mic
AAPL,2020-08-27,508.57,509.94,495.33,500.04,38888096,USD,XNAS
AAPL,2020-08-28,504.05,505.77,498.31,499.23,46907479,USD,XNAS
VOD.L,2020-08-27,113.5,114.2,112.9,113.74,50000000,GBX,XLON
VOD.L,2020-08-28,113.6,113.9,111.4,111.9,60000000,GBX,XLON
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with rates.csv and prices.csv."""
    (tmp_path / "rates.csv").write_text(RATES)
    (tmp_path / "prices.csv").write_text(PRICES)
    return tmp_path


@pytest.fixture
def loaded(cli: Cli, files: Path) -> Cli:
    """The command line over a warehouse with two shares and six rates."""
    assert cli("import", "rates", files / "rates.csv").code == 0
    assert cli("import", "prices", files / "prices.csv").code == 0
    return cli


class Provider:
    """A server that answers with the bytes given per function (Alpha Vantage) or file (the ECB)."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []

    def answer(self, path: str) -> bytes | None:
        parts = urlsplit(path)
        asked = parse_qs(parts.query).get("function", [parts.path.rpartition("/")[2]])[0]
        self.asked.append(asked)
        return self.answers.get(asked)


@pytest.fixture
def provider() -> Iterator[tuple[Provider, dict[str, str]]]:
    """A provider on loopback, and the settings that lead to it."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made.answer(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield made, {
        "ALPHA_VANTAGE_BASE_URL": f"{base}/query", "ECB_BASE_URL": base, "ALPHA_VANTAGE_API_KEY": "A1B2C3D4E5F6",
        "ALPHA_VANTAGE_BURST": "1000", "ALPHA_VANTAGE_RATE_LIMIT": "1000",
    }  # fmt: skip
    server.shutdown()
    server.server_close()
    thread.join()
