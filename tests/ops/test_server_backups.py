"""pgBackRest's configuration, which kind of backup is due, and what a drill calls a difference; no server is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import Cli
from ticker_converter.errors import BadSetting
from ticker_converter.ops.recovery import repository, server_backups, server_drill
from ticker_converter.ops.recovery.repository import Stored
from ticker_converter.ops.recovery.stores import Kept
from ticker_converter.secret import Secret
from ticker_converter.settings import Settings

SUNDAY = datetime(2026, 11, 22, 2, tzinfo=UTC)


def stored(kind: str, at: datetime) -> Stored:
    return Stored(Kept(f"{at:%Y%m%d}{kind}", "", at, 1, True, "", kind), "15", at, {})


@pytest.mark.parametrize(
    ("there", "now", "due"),
    [
        ([], SUNDAY, "full"),
        ([("full", SUNDAY)], SUNDAY + timedelta(days=1), "diff"),
        ([("full", SUNDAY)], SUNDAY + timedelta(days=6, hours=21), "diff"),
        ([("full", SUNDAY)], SUNDAY + timedelta(days=6, hours=22), "full"),
        ([("diff", SUNDAY + timedelta(days=1))], SUNDAY + timedelta(days=2), "full"),
    ],
)
def test_a_full_backup_is_due_once_from_each_sunday_on(
    there: list[tuple[str, datetime]], now: datetime, due: str
) -> None:
    assert server_backups.kind_due([stored(*one) for one in there], now) == due


def test_a_full_backup_stays_until_a_younger_one_is_past_its_days() -> None:
    now = datetime.now(UTC)
    kept = [stored("full", now - timedelta(days=days)) for days in (5, 31, 40)]
    assert [one.id for one in server_backups._old(kept, 30)] == [kept[2].kept.id]
    assert server_backups._old(kept[:2], 30) == [], "the days of its successor need it"


def test_a_secret_stands_in_the_file_alone_and_the_file_is_its_owners(cli: Cli, tmp_path: Path) -> None:
    env = {
        "BACKUP_STANZA": "ticker", "BACKUP_S3_BUCKET": "prices-backups", "BACKUP_S3_ENDPOINT": "https://s3.example:9000",
        "BACKUP_S3_KEY": "AKIAXYZ12", "BACKUP_S3_SECRET": "hushhush12345", "BACKUP_CIPHER_PASS": "a # b ; = c",
        "BACKUP_RETENTION_DAYS": "7",
    }  # fmt: skip
    path = tmp_path / "pgbackrest.conf"
    done = cli("env", "render", "--for", "pgbackrest", "--output", path, env=env)
    assert (done.code, done.stdout) == (0, ""), done.stderr
    assert oct(path.stat().st_mode)[-3:] == "600"
    lines = path.read_text().splitlines()
    for line in (
        "[ticker]", "repo1-cipher-pass=a # b ; = c", "repo1-s3-endpoint=s3.example", "repo1-storage-port=9000",
        "repo1-retention-full-type=time", "repo1-retention-full=7", "repo1-cipher-type=aes-256-cbc",
    ):  # fmt: skip
        assert line in lines


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"backup_stanza": None}, "BACKUP_STANZA is not set"),
        ({"backup_s3_endpoint": "http://s3.example"}, "pgBackRest speaks TLS alone"),
        ({"backup_s3_secret": None}, "BACKUP_S3_SECRET is not set"),
        ({"backup_cipher_pass": Secret("hush ")}, "repo1-cipher-pass"),
        ({"backup_cipher_pass": Secret("hush\nrepo1-cipher-type=none")}, "repo1-cipher-pass"),
    ],
)
def test_what_its_file_cannot_say_is_refused_without_the_value(changed: dict[str, object], said: str) -> None:
    given = {
        "backup_stanza": "ticker", "backup_s3_bucket": "prices-backups", "backup_s3_endpoint": "https://s3.example",
        "backup_s3_key": Secret("AKIAXYZ12"), "backup_s3_secret": Secret("hushhush12345"), **changed,
    }  # fmt: skip
    with pytest.raises(BadSetting, match=said) as caught:
        repository.configuration(Settings(**given))  # type: ignore[arg-type]
    assert "hush" not in str(caught.value)


def test_a_drill_names_each_table_that_differs() -> None:
    source = {"a": (2, "10"), "b": (3, "20"), "c": (1, "1"), "d": (1, "1")}
    found = {"a": (2, "10"), "b": (2, "15"), "c": (1, "2"), "e": (0, "0")}
    assert server_drill._differing(source, found) == [
        "b: 2 rows, 3 in the source",
        "c: 1 rows, not those of the source",
        "d: not in the copy",
        "e: not in the source",
    ]
