"""Backups in S3-compatible storage: moto's server stands in for it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.support.command import Cli

BUCKET = "prices-backups"


@pytest.fixture
def s3() -> Iterator[dict[str, str]]:
    """A storage with an empty bucket, and the settings that lead to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = {
        "BACKUP_S3_BUCKET": BUCKET, "BACKUP_S3_ENDPOINT": f"http://{host}:{port}", "BACKUP_S3_KEY": "AKIAXYZ12",
        "BACKUP_S3_SECRET": "hushhush12345", "BACKUP_S3_REGION": "us-east-1",
    }  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=found["BACKUP_S3_ENDPOINT"], region_name="us-east-1", aws_access_key_id="a",
        aws_secret_access_key="b",
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield found
    server.stop()


def test_a_backup_goes_to_the_bucket_and_comes_back(cli: Cli, s3: dict[str, str], database: str) -> None:
    env = {**s3, "BACKUP_CIPHER_PASS": "correct horse battery"}
    made = cli("backup", "create", env=env)
    assert made.code == 0, made.stderr
    assert made.json["location"].startswith(f"s3://{BUCKET}/embedded/ticker-converter-")
    (kept,) = cli("backup", "list", env=env).json
    assert kept["id"] == made.json["id"] and kept["bytes"] == made.json["bytes"]
    assert cli("backup", "verify", env=env).json["ok"] is True
    assert cli("backup", "drill", env=env).json["result"] == "passed"
    assert cli("backup", "prune", "--days", "0", env=env).json == [], "the newest stays, however old"
    assert cli("backup", "create", env=env).code == 0
    assert [one["id"] for one in cli("backup", "prune", "--days", "0", env=env).json] == [kept["id"]]
    assert len(cli("backup", "list", env=env).json) == 1


def test_a_storage_that_refuses_is_one_line_without_its_secret(cli: Cli, s3: dict[str, str]) -> None:
    done = cli("backup", "create", env={**s3, "BACKUP_S3_BUCKET": "another-bucket"})
    assert done.code == 1 and done.stderr.count("\n") <= 3 and "another-bucket" in done.stderr
    assert "hushhush" not in done.stderr
    assert cli("backup", "list", env={**s3, "BACKUP_S3_KEY": ""}).code == 2
