"""Cassettes: what was recorded comes out byte for byte, no scalar becomes anything but text, no secret is handed on."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ticker_converter.errors import Unreadable
from ticker_converter.providers import cassettes
from ticker_converter.providers.cassettes import Recorded

VCRPY = """\
interactions:
- request:
    body: null
    headers:
      Authorization: [Token 3f9a4c5d6e7f8091]
    method: GET
    uri: https://api.example.com/prices/ON?format=csv&token=3f9a4c5d6e7f8091
  response:
    body: {string: "%s"}
    headers:
      Content-Type: [text/csv]
      Date: ['Fri, 13 Apr 2018 02:42:06 GMT']
    status: {code: 200, message: OK}
version: 1
"""
RUBY = """\
---
http_interactions:
- request:
    method: get
    uri: https://bank.example.org/rates
  response:
    status:
      code: 404
    headers: {}
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        %s
  recorded_at: Tue, 31 Mar 2026 10:04:07 GMT
"""


def _read(tmp_path: Path, text: str) -> list[Recorded]:
    path = tmp_path / "one.yaml"
    path.write_text(text)
    assert cassettes.is_cassette(path)
    return cassettes.read(path)


def test_vcrpy_body_url_type_and_time(tmp_path: Path) -> None:
    (one,) = _read(tmp_path, VCRPY % r"ticker,close\r\nON,1.0\r\nNA,2\r\n")
    assert one.body == b"ticker,close\r\nON,1.0\r\nNA,2\r\n"
    assert (one.url, one.status, one.content_type) == (
        "https://api.example.com/prices/ON?format=csv", 200, "text/csv",
    )  # fmt: skip
    assert one.received_at == datetime(2018, 4, 13, 2, 42, 6, tzinfo=UTC)
    assert not one.redacted and "3f9a" not in repr(one)


def test_an_echoed_secret_is_taken_out_of_the_body_alone(tmp_path: Path) -> None:
    (one,) = _read(tmp_path, VCRPY % "your key 3f9a4c5d6e7f8091 is over its limit")
    assert one.body == b"your key [redacted] is over its limit" and one.redacted


def test_ruby_base64_body_status_and_recorded_at(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbfDate,ON\n2026-03-01,NO\n"
    (one,) = _read(tmp_path, RUBY % base64.b64encode(raw).decode())
    assert one.body == raw and one.status == 404
    assert one.received_at == datetime(2026, 3, 31, 10, 4, 7, tzinfo=UTC)


@pytest.mark.parametrize("word", ["NA", "NAN", "ON", "TRUE", "null", "2026-03-01", "1_000", "0x10", "~"])
def test_a_plain_scalar_stays_text(tmp_path: Path, word: str) -> None:
    text = f"interactions:\n- request: {{uri: http://h/{word}}}\n  response: {{body: {{string: {word}}}}}\n"
    (one,) = _read(tmp_path, text)
    assert one.body == word.encode() and one.url == f"http://h/{word}"


def test_a_body_still_packed_is_unpacked(tmp_path: Path) -> None:
    packed = base64.b64encode(gzip.compress(b"a,b\n1,2\n")).decode()
    text = (
        "interactions:\n- request: {uri: 'http://h/'}\n  response:\n    headers: {Content-Encoding: [gzip]}\n"
        f"    body: {{string: !!binary {packed}}}\n"
    )
    assert _read(tmp_path, text)[0].body == b"a,b\n1,2\n"
    with pytest.raises(Unreadable, match="answer 1: its gzip body is cut short"):
        _read(tmp_path, text.replace(packed, base64.b64encode(gzip.compress(b"a,b\n1,2\n")[:-9]).decode()))


def test_a_json_cassette_is_one_too(tmp_path: Path) -> None:
    one = {
        "request": {"uri": "http://h/x"},
        "response": {"body": {"base64_string": "YQ=="}, "status": {"code": 200}},
    }
    assert _read(tmp_path, json.dumps({"version": 1, "interactions": [one]}))[0].body == b"a"


@pytest.mark.parametrize(
    "text",
    [
        "interactions: []",
        "interactions: [{request: {uri: x}}]",
        "interactions: [{request: {}, response: {body: a}}]",
        "interactions: [{request: {uri: x}, response: {body: {string: [a]}}}]",
        "interactions: [{request: {uri: x}, response: {body: {string: !binary 'a'}}}]",
        "interactions: [{request: {uri: x",
        "interactions: *nothing",
        "interactions: " + "[" * 20000,
    ],
)
def test_half_a_cassette_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        _read(tmp_path, text)
    assert "\n" not in str(caught.value) and "one.yaml" in str(caught.value)


def test_a_tag_that_makes_objects_makes_none(tmp_path: Path) -> None:
    target = tmp_path / "made"
    text = f"interactions: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{target}']]"
    with pytest.raises(Unreadable):
        _read(tmp_path, text)
    assert not target.exists()


def test_data_and_yaml_of_another_kind_are_no_cassette(tmp_path: Path) -> None:
    for text in ("", "date,close\n", '{"chart": {"result": null}}', "services:\n  interactions: 1\n"):
        path = tmp_path / "other"
        path.write_text(text)
        assert not cassettes.is_cassette(path)


def test_every_shared_cassette_is_read(shared: Path) -> None:
    found = {
        path.name: len(cassettes.read(path))
        for path in sorted(shared.rglob("*.y*ml"))
        if cassettes.is_cassette(path)
    }
    assert found["nbp.yml"] == 3 and found["ticker_metadata.yaml"] == 1 and len(found) >= 10
