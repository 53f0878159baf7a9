"""The part of `doctor` that looks at files and folders: names nobody reads, rights, room."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator
from pathlib import Path

from ticker_converter import settings
from ticker_converter.envfile import read_env
from ticker_converter.ops.finding import Check, failed, ok, skipped, warning
from ticker_converter.settings import Settings

LITTLE, TOO_LITTLE = 2 * 2**30, 200 * 2**20
"Free bytes below which a warning is given, and below which the next import may end in a full disk."


def examine(given: Settings) -> Iterator[Check]:
    """permissions and disk."""
    yield _permissions(given)
    yield _disk(given)


def misspelt(path: Path) -> list[tuple[str, str]]:
    """Names in the file that no program reads and that look like one that is read."""
    known = {one.name for one in settings.SETTINGS}
    known |= {f"{one.name}_FILE" for one in settings.SETTINGS if one.secret}
    found = []
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for name in read_env(path):
        if name not in known and f"${{{name}}}" not in text:
            near = difflib.get_close_matches(name, known, 1, 0.85)
            found += [(name, near[0])] if near else []
    return found


def _permissions(given: Settings) -> Check:
    open_files, open_folders = [], []
    for name, path in settings.files().items():
        if path.exists() and path.stat().st_mode & 0o077:
            open_files.append(f"{name} {path} ({path.stat().st_mode & 0o777:04o})")
    home = given.ticker_converter_home
    for folder in (home, home / "postgresql", home / "postgresql" / "data", home / "backups"):
        if folder.exists() and folder.stat().st_mode & 0o022:
            open_folders.append(f"{folder} ({folder.stat().st_mode & 0o777:04o})")
    if not open_files and not open_folders:
        return ok("permissions", "files of settings and folders of data are closed to others")
    detail = "; ".join(
        [f"others may read {one}" for one in open_files]
        + [f"others may write into {one}" for one in open_folders]
    )
    do = "chmod 600 the files" if open_files else ""
    do += (" and " if do else "") + "chmod go-w the folders" if open_folders else ""
    return (failed if given.production else warning)("permissions", detail, do)


def _disk(given: Settings) -> Check:
    place = given.ticker_converter_home
    if not given.embedded and not place.exists():
        return skipped("disk", "the database is on a server; TICKER_CONVERTER_HOME is not used")
    while not place.exists():
        place = place.parent
    room = shutil.disk_usage(place)
    told = f"{room.free / 2**30:.1f} GB free of {room.total / 2**30:.1f} GB at {place}"
    do = "make room, or move TICKER_CONVERTER_HOME to a larger disk"
    if room.free < TOO_LITTLE:
        return failed("disk", told, do)
    return warning("disk", told, do) if room.free < LITTLE else ok("disk", told)
