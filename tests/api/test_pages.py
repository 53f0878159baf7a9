"""The pages: nothing from elsewhere, nothing inline, no provider text as HTML."""

from __future__ import annotations

import re

import pytest

from ticker_converter.web import STATIC

#: Our own; what is under vendor/ is as its authors made it, and the policy holds for it as well.
FILES = sorted(
    one for one in STATIC.rglob("*") if one.is_file() and "vendor" not in one.relative_to(STATIC).parts
)
#: Where a person may go by a link: the notice that the charts' licence asks for.
LINKED = 'href="https://www.tradingview.com/"'


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_has_a_policy_that_allows_only_its_own_server(get, path) -> None:
    answer = get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_what_a_page_names_is_there(get, path) -> None:
    named = re.findall(r'(?:src|href)="(/[^"]*)"', get(path).text)
    assert len(named) >= 4
    for address in named:
        assert get(address).status_code == 200, address


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(STATIC).as_posix())
def test_a_file_names_no_other_server_and_writes_no_html(file) -> None:
    text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "").replace(LINKED, "")
    assert not re.findall(r"(?:https?:)?//[a-z][a-z0-9.-]+\.[a-z]{2,}", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text)
    assert not re.search(r"<[^>]+\son\w+=|<script(?![^>]*\ssrc=)|<style|\sstyle=", text)


def test_docs_describe_every_problem_type(get) -> None:
    from ticker_converter.api import problems

    listed = {one["name"] for one in get("/openapi.json").json()["x-problems"]}
    assert listed == {one.name for one in problems.PROBLEMS.values()} | {"internal"}
