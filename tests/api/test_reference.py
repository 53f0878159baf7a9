"""docs/reference/api.md says everything; that it is current is tested with the other pages (tests/contracts)."""

from __future__ import annotations

from tools import api_reference


def test_the_reference_names_every_parameter_and_object(get) -> None:
    document = get("/openapi.json").json()
    text = api_reference.PAGE.read_text()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"## `{method.upper()} {path}`" in text
            assert all(f"| `{one['name']}`" in text for one in operation.get("parameters", []))
    assert all(f"### {name}\n" in text for name in document["components"]["schemas"])
