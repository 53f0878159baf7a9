"""The provider of docs/howto/own-provider.md, installed as a package of its own, is synced and imported."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.command import Cli

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "own-provider.md"
BODY = "date,open,high,low,close,volume\n2026-10-29,10,11,9,10.5,100\n2026-10-30,10.5,12,10,11.25,200\n"


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = BODY.encode() if self.path == "/XYZ.csv" else b"unknown symbol"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a person who has installed the package of the page, and a server that answers as acme."""
    code, project = (
        re.search(rf"```text\n# {name}.*?\n(.*?)```", PAGE.read_text(), re.S)
        for name in ("acme_prices.py", "pyproject.toml")
    )
    assert code is not None and project is not None
    assert len(code[1].strip().splitlines()) < 60
    target = tmp_path / "installed"
    metadata = target / "acme_prices-1.0.dist-info"
    metadata.mkdir(parents=True)
    (target / "acme_prices.py").write_text(code[1])
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-prices\nVersion: 1.0\n")
    entry = project[1].split('"ticker_converter.providers"]\n')[1].strip().replace('"', "")
    (metadata / "entry_points.txt").write_text(f"[ticker_converter.providers]\n{entry}\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"PYTHONPATH": str(target), "ACME_BASE_URL": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()
    server.server_close()


def test_it_is_synced_and_its_recorded_answers_are_imported(
    cli: Cli, acme: dict[str, str], tmp_path: Path
) -> None:
    listed = cli("add", "XYZ", "--provider", "acme", "--mic", "XNAS", "--unit", "USD", env=acme)
    assert listed.code == 0, listed.stderr
    synced = cli("sync", "XYZ", "--provider", "acme", env=acme)
    assert synced.code == 0, synced.stderr
    assert (synced.json["inserted"], synced.json["calls"]) == (2, {"acme": 1})
    path = tmp_path / "XYZ.csv"
    path.write_text(BODY.replace("11.25", "11.50"))
    again = cli("import", "payload", "--provider", "acme", "--symbol", "XYZ", path, env=acme)
    assert again.json["revised"] == 1 and again.json["unchanged"] == 1, again.stderr
    assert str(cli("prices", "XYZ").json["prices"][-1]["close"]) == "11.5"


def test_its_refusal_is_told(cli: Cli, acme: dict[str, str]) -> None:
    cli("add", "NONE", "--provider", "acme", "--mic", "XNAS", "--unit", "USD", env=acme)
    done = cli("sync", "NONE", "--provider", "acme", env=acme)
    assert done.code == 1 and "acme: knows no NONE" in done.stderr
