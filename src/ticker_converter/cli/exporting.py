"""export: the mart as a data set of Parquet files that DuckDB, Spark, Trino and polars read.

DIR/table=prices/year=2024/part-00000.parquet, and table=rates, table=actions, table=instruments. The whole is
written beside DIR and moved there: whoever sees DIR sees all of it. It refuses to round: a number with more decimals
than a column has ends the export by name.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command
from ticker_converter.errors import Unreadable, Usage

if TYPE_CHECKING:
    import polars

    from ticker_converter.queries.export import Piece

SCALE, PRECISION = 18, 38
"Decimals and digits of every exact number; Parquet, Spark, Trino and DuckDB have no wider decimal."
ROWS = 65_536
"Rows of one file of prices: of each year so many are held until they are written."
FORMAT = "1"
"Moves on when a column changes its name, type or meaning."
_DECIMALS = ("open", "high", "low", "close", "volume", "rate", "new", "old", "amount")
_DATES = ("date", "rate_date", "ex_date", "pay_date", "first_session", "last_session")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    export = command(
        commands, "export", _export, "Write everything stored as a partitioned set of Parquet files.",
        "Without --in prices are in the listing unit, as published; with it the bars as traded, each with its rate.",
    )  # fmt: skip
    export.add_argument("folder", type=Path, metavar="DIR", help="a folder that is not there yet, or empty")
    export.add_argument(
        "--in", dest="currency", metavar="CUR", help="currency or price unit, such as GBP or GBX"
    )
    export.add_argument(
        "--max-age-days", type=words.count, default=7, metavar="N",
        help="age in calendar days past which a rate is no answer (default: 7)",
    )  # fmt: skip
    words.add_format(export)


def _export(arguments: argparse.Namespace) -> int:
    from ticker_converter import connection
    from ticker_converter.cli import session
    from ticker_converter.queries import clock, export

    folder: Path = arguments.folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Usage(f"{arguments.folder} is there and not empty: name a new folder")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    with session.reading() as opened, session.Progress() as progress:
        policy = connection.policy(opened.settings, arguments.max_age_days)
        known = clock.published_at(opened.connection)
        about = {
            "format": FORMAT, "currency": arguments.currency or "", "known_at": known.isoformat() if known else "",
            "max_age_days": str(policy.max_age_days), "sources": ",".join(policy.sources),
        }  # fmt: skip
        files = Files(unfinished, about)
        try:
            unfinished.mkdir(parents=True)
            for piece in export.pieces(opened.connection, arguments.currency, policy):
                progress(f"exporting: {files.rows.get('prices', 0):,} bars written")
                files.take(piece)
            counts = files.close()
            if folder.exists():
                folder.rmdir()
            unfinished.rename(folder)
        except OSError as error:
            raise Unreadable(f"{arguments.folder}: cannot be written: {error.strerror or error}") from error
        finally:
            files.stop()
            shutil.rmtree(unfinished, ignore_errors=True)
    rows = [{"table": table, "rows": number} for table, number in counts.items()]
    output.objects(arguments, rows, ("table", "rows"))
    return 0


class Files:
    """Turns pieces into files while the next piece is read: one thread, one piece waiting."""

    def __init__(self, folder: Path, about: dict[str, str]) -> None:
        self.folder, self.about = folder, about
        self.rows: dict[str, int] = {}
        self._parts: dict[Path, int] = {}
        self._years: dict[int, list[polars.DataFrame]] = {}
        self._thread = ThreadPoolExecutor(1)
        self._under_way: Future[None] | None = None

    def take(self, piece: Piece) -> None:
        """Write a piece, once the one before it is written."""
        self._wait()
        self._under_way = self._thread.submit(self._write, piece)

    def close(self) -> dict[str, int]:
        """Write what is left; the number of rows of each table."""
        self._wait()
        for year in sorted(self._years):
            self._flush(year)
        return self.rows

    def stop(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()
            self._under_way = None

    def _write(self, piece: Piece) -> None:
        frame = _frame(piece)
        self.rows[piece.table] = self.rows.get(piece.table, 0) + frame.height
        if piece.table != "prices":
            self._file(frame, self.folder / f"table={piece.table}")
            return
        for (year,), part in frame.partition_by(
            "year", as_dict=True, include_key=False, maintain_order=True
        ).items():
            held = self._years.setdefault(int(year), [])
            held.append(part)
            if sum(one.height for one in held) >= ROWS:
                self._flush(int(year))

    def _flush(self, year: int) -> None:
        import polars

        if held := self._years.pop(year, None):
            self._file(polars.concat(held), self.folder / "table=prices" / f"year={year}")

    def _file(self, frame: polars.DataFrame, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = self._parts.get(folder, 0)
        self._parts[folder] = number + 1
        frame.write_parquet(folder / f"part-{number:05d}.parquet", metadata=self.about)


def _frame(piece: Piece) -> polars.DataFrame:
    import polars

    header = piece.rows[: piece.rows.index(b"\n")].decode().split(",")
    types: dict[str, polars.DataType | type[polars.DataType]] = {}
    for name in header:
        if name in _DECIMALS:
            types[name] = polars.Decimal(PRECISION, SCALE)
        elif name in _DATES:
            types[name] = polars.Date
        elif name in ("year", "scale", "bars"):
            types[name] = polars.Int32
        else:
            types[name] = polars.String
    frame = polars.read_csv(io.BytesIO(piece.rows), schema=types)
    wide = frame.filter(polars.col("scale") > SCALE)
    if wide.height:
        row = wide.row(0, named=True)
        raise Unreadable(
            f"{piece.table}: {row.get('symbol') or row.get('base')} has a number of {row['scale']} decimals on "
            f"{row.get('date') or row.get('ex_date')}, and an export has {SCALE}: nothing is rounded or written"
        )
    if "watched" in types:
        frame = frame.with_columns(polars.col("watched") == "t")
    if "known_from" in types:
        frame = frame.with_columns(
            polars.col("known_from").str.to_datetime(
                "%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", time_zone="UTC"
            )
        )
    if piece.table == "prices":
        frame = frame.sort("symbol", "date")
    return frame.drop("scale")
