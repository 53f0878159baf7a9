"""import: files and recorded responses that a person hands over, through the same landing and judging as a fetch."""

from __future__ import annotations

import argparse
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticker_converter import times
from ticker_converter.cli import output, words
from ticker_converter.cli.mending import undo
from ticker_converter.cli.words import Commands, command, group
from ticker_converter.errors import TickerConverterError, Unreadable, Usage
from ticker_converter.market import symbols, units

if TYPE_CHECKING:
    from ticker_converter.pipeline import Report
    from ticker_converter.records import Payload

_OPTIONS = ("mic", "unit", "basis", "symbol", "columns", "date_format")
_PAIR = re.compile(r"[A-Z]{3}/[A-Z]{3}")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    whole = group(
        commands, "import", "Load files: prices, rates, actions, or recorded responses of a provider."
    )
    prices = command(
        whole, "prices", _files, "Load prices from CSV or Parquet.",
        "Columns: symbol,date,open,high,low,close,volume and, if you like, mic,unit,basis.",
    )  # fmt: skip
    _add_files(prices)
    _add_listing(prices)
    prices.add_argument(
        "--basis", choices=("raw", "splits", "all"),
        help="what the prices are adjusted for, where the file does not say (default: raw, as traded)",
    )  # fmt: skip
    prices.add_argument("--symbol", metavar="S", help="the symbol of a file about one")
    prices.add_argument(
        "--columns", metavar="date=Date,close=Close,...", help="names of columns, ours on the left"
    )
    prices.add_argument("--date-format", metavar="F", help="how dates are written, such as %%d/%%m/%%Y")
    rates = command(
        whole, "rates", _files, "Load exchange rates from CSV or Parquet, or the ECB's own zip, csv or xml.",
        "Columns: base,quote,date,rate and, if you like, source.",
    )  # fmt: skip
    _add_files(rates)
    actions = command(
        whole, "actions", _files, "Load splits and dividends from CSV or Parquet.",
        "Columns: symbol,ex_date,kind,value and, if you like, unit. kind: split (4 or 1/3), spinoff, dividend.",
    )  # fmt: skip
    _add_files(actions)
    for kind, made in (("prices", prices), ("rates", rates), ("actions", actions)):
        made.set_defaults(kind=kind)

    payload = command(
        whole, "payload", _payloads, "Load recorded responses of a provider.",
        "An index.json beside them may tell each one's URL and time; a cassette (YAML) of vcrpy or VCR tells its own.",
    )  # fmt: skip
    payload.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a response as it was received")
    payload.add_argument(
        "--provider", required=True, metavar="P", help="who sent it: alpha_vantage, ecb, ..."
    )
    payload.add_argument("--request", metavar="URL", help="where it came from; keys in it are not stored")
    payload.add_argument("--symbol", metavar="S", help="whom it is about, where it does not say")
    payload.add_argument("--fetched-at", type=words.known, metavar="T", help="when it came (default: now)")
    _add_listing(payload)
    _add_loading(payload)

    taken_back = command(
        whole, "undo", undo, "Take back all that one run stored.",
        "What it had replaced stands again; what later runs have said since stays.",
    )  # fmt: skip
    taken_back.add_argument("run_id", type=words.count, metavar="RUN_ID", help="as `runs` shows it")
    taken_back.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the act")
    words.add_format(taken_back)


def _add_files(to: argparse.ArgumentParser) -> None:
    to.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file to load")
    to.add_argument(
        "--known-at", type=words.known, metavar="T",
        help="when this was known: a timestamp, or a date (its end, UTC); may change past answers",
    )  # fmt: skip
    _add_loading(to)


def _add_listing(to: argparse.ArgumentParser) -> None:
    to.add_argument("--mic", help="exchange of a symbol that is not on the list yet, such as XLON")
    to.add_argument("--unit", help="unit the prices are quoted in, such as USD or GBX")


def _add_loading(to: argparse.ArgumentParser) -> None:
    to.add_argument("--strict", action="store_true", help="exit 3 when a row was held back")
    words.add_format(to)


# ---- files ----


def _files(arguments: argparse.Namespace) -> int:
    from ticker_converter.providers.files import ignored_columns
    from ticker_converter.records import Payload

    _check(arguments)
    given = {name: getattr(arguments, name, None) for name in _OPTIONS}
    options = {"kind": arguments.kind, **{name: value for name, value in given.items() if value}}
    now = datetime.now(UTC)
    arrived = [
        Payload("files", path.name, now, path=path, options=options)
        for path in map(_readable, arguments.files)
    ]
    for payload in arrived:  # a wrong header stops before anything is loaded
        if ignored := ignored_columns(payload):
            output.tell(f"{payload.request}: not read: {', '.join(ignored)}")
    return _load(arguments, f"import {arguments.kind}", arrived, arguments.known_at)


def _check(arguments: argparse.Namespace) -> None:
    if getattr(arguments, "unit", None):
        units.unit(arguments.unit)
    if (symbol := getattr(arguments, "symbol", None)) and not _PAIR.fullmatch(symbol):
        symbols.check_symbol(symbol)


def _readable(path: Path) -> Path:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Unreadable(f"{path}: is no regular file; it is read more than once")
        with path.open("rb"):
            return path
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror or error}") from error


# ---- recorded responses ----


def _payloads(arguments: argparse.Namespace) -> int:
    from ticker_converter import providers
    from ticker_converter.providers import cassettes
    from ticker_converter.providers.http import without_secrets
    from ticker_converter.records import Payload

    if arguments.provider == "files":
        raise Usage("a file of your own goes in with `import prices`, `import rates` or `import actions`")
    providers.provider(arguments.provider)
    _check(arguments)
    if arguments.request and len(arguments.files) > 1:
        raise Usage(
            "--request is the URL of one response: import them one by one, or with an index.json beside them"
        )
    symbol = arguments.symbol
    if symbol and not _PAIR.fullmatch(symbol):
        symbol = symbols.to_provider(symbol, symbols.table(arguments.provider), arguments.mic)
    options = {name: value for name in ("mic", "unit") if (value := getattr(arguments, name))}
    now = datetime.now(UTC)
    sidecars: dict[Path, list[dict[str, Any]]] = {}
    arrived = []
    for path in arguments.files:
        _readable(path)
        if path.name == "index.json" and _entries(path) and len(arguments.files) > 1:
            continue  # `import payload DIR/*` names the sidecar too
        folder = path.parent
        if folder not in sidecars:
            index = folder / "index.json"
            sidecars[folder] = _entries(index) if index.is_file() else []
        if cassettes.is_cassette(path):
            arrived += _recorded(arguments, path, symbol, options, now)
            continue
        told = _about(path, sidecars[folder])
        request = arguments.request or told.get("url")
        payload = Payload(
            arguments.provider, without_secrets(request) if request else path.name,
            arguments.fetched_at or _fetched(told, folder) or now, path=path, symbol=symbol, options=options,
        )  # fmt: skip
        arrived.append(_without_keys(payload, request))
    return _load(arguments, "import payload", arrived, None)


def _recorded(
    arguments: argparse.Namespace, path: Path, symbol: str | None, options: dict[str, str], now: datetime
) -> list[Payload]:
    """The answers of a cassette, each a payload of its own; one that only points elsewhere holds nothing."""
    from ticker_converter.providers import cassettes
    from ticker_converter.providers.http import without_secrets
    from ticker_converter.records import Payload

    answers = [one for one in cassettes.read(path) if not 300 <= one.status < 400]
    if arguments.request and len(answers) > 1:
        raise Usage(
            f"--request is the URL of one response: {path} is a recording of {len(answers)}, each with its own"
        )
    return [
        Payload(
            arguments.provider, without_secrets(arguments.request) if arguments.request else one.url,
            arguments.fetched_at or one.received_at or now, one.body, content_type=one.content_type,
            symbol=symbol, options=options, redacted=one.redacted,
        )
        for one in answers
    ]  # fmt: skip


def _without_keys(payload: Payload, request: str | None) -> Payload:
    """A response that echoes a key (this machine's, the one in its URL, or the one that a notice names) without it."""
    from ticker_converter.providers.bodies import LIMIT
    from ticker_converter.providers.http import secrets_of, without_echoes
    from ticker_converter.settings import load

    body = payload.read(LIMIT + 1)
    if len(body) > LIMIT:
        return payload  # refused when it is parsed: no response is that long
    keys = load().provider_settings(payload.provider).get("api_keys")
    held = [*(keys if isinstance(keys, tuple | list) else ()), *secrets_of(request or "")]
    clean = without_echoes(body, map(str, held))
    return payload if clean == body else replace(payload, body=clean, path=None, redacted=True)


def _entries(index: Path) -> list[dict[str, Any]]:
    """The entries of a sidecar: objects that name a file by `path` or `ID`, with `url` and `fetched`."""
    import json

    try:
        found = json.loads(index.read_bytes())
    except (OSError, ValueError) as error:
        raise Unreadable(f"{index}: is no readable index: {flat_reason(error)}") from error
    listed = found if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("url"), str)]


def flat_reason(error: Exception) -> str:
    """The first line of a foreign error."""
    return str(error).partition("\n")[0][:100]


def _about(path: Path, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    for entry in entries:
        if Path(str(entry.get("path", ""))).name == path.name or str(entry.get("ID", "")) == path.stem:
            return entry
    return {}


def _fetched(told: dict[str, Any], folder: Path) -> datetime | None:
    stated = told.get("fetched") or told.get("fetched_at")
    if not isinstance(stated, str):
        return None
    try:
        return times.known(stated)
    except Usage as error:
        raise Usage(f"{folder / 'index.json'}: {error}") from None


# ---- both ----


def _load(
    arguments: argparse.Namespace, said: str, arrived: Sequence[Payload], known_at: datetime | None
) -> int:
    """Load one after the other; what cannot be read stops itself and not the others."""
    from ticker_converter.cli import session
    from ticker_converter.pipeline import Run
    from ticker_converter.warehouse import instruments

    told = {"files": [str(payload.request) for payload in arrived]}
    failed: list[TickerConverterError] = []
    with session.writing() as opened, session.Progress() as progress:
        if getattr(arguments, "mic", None):
            instruments.check_mic(opened.connection, arguments.mic)
        with Run(opened.connection, said, told, progress) as run:
            for payload in arrived:
                try:
                    run.load_all([payload], known_at)
                except TickerConverterError as error:
                    if len(arrived) == 1:
                        raise
                    failed.append(error)
                    run.report.failed.append(error)
    return finish(arguments, run.report, failed, strict=arguments.strict)


def finish(
    arguments: argparse.Namespace,
    report: Report,
    failed: Sequence[TickerConverterError],
    *,
    strict: bool = False,
) -> int:
    """Print the report and say what a person should know; the exit code."""
    found = report.as_dict()
    if output.form(arguments) == "table":
        output.facts(found)
    else:
        output.objects(arguments, [found], list(found), one=True)
    output.tell(*report.messages, *(str(error) for error in failed))
    counts = report.counts
    if counts.quarantined:
        rows = "row" if counts.quarantined == 1 else "rows"
        output.tell(f"{counts.quarantined} {rows} held: ticker-converter quarantine list")
    kept = counts.read - counts.quarantined
    if failed:
        return 3 if kept or report.messages else failed[0].exit_code
    if report.remaining:
        return 3
    if counts.quarantined and not kept:
        return 1
    return 3 if strict and counts.quarantined else 0
