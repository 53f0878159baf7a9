"""docs/reference/api.md is what the code says."""

from __future__ import annotations

from tools import api_reference


def test_the_reference_of_the_api_is_current() -> None:
    assert api_reference.PAGE.read_text() == api_reference.page(), "run `make docs`"


def test_the_reference_names_every_parameter_and_object(get) -> None:
    document = get("/openapi.json").json()
    text = api_reference.PAGE.read_text()
    for path, methods in document["paths"].items():
        assert f"## `GET {path}`" in text
        assert all(f"| `{one['name']}`" in text for one in methods["get"].get("parameters", []))
    assert all(f"### {name}\n" in text for name in document["components"]["schemas"])
