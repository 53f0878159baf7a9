"""The text of docs/reference/api.md, from the application's OpenAPI document and its kinds of problems."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ticker_converter import settings
from ticker_converter.api import application, problems
from ticker_converter.api.formats import FORMATS
from ticker_converter.app import create_app

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "api.md"
FORM_TYPE = "application/x-www-form-urlencoded"
FORM = " as a form"
MADE = "<!-- Made by `make docs` from the code; not edited by hand. -->\n\n"

ABOUT = """# HTTP API

`ticker-converter serve` answers at `API_HOST`:`API_PORT`. `/openapi.json` is this page for programs, `/docs` one to try
each address.

- **Formats** by `Accept` or `?format=`: {formats}. Anything else is 406.
  Numbers are exact in all of them: decimals in JSON and CSV, `decimal128(38, 20)` in Arrow and Parquet, where a value
  that does not fit is 406 and never rounded.
- **Dates** are `2024-01-31`. `known_at` is a time, or a date for its end, UTC. A parameter that is unknown, given twice
  or wrong is 422.
- **Conditional requests**: answers have `ETag`, `Last-Modified` (the last publish) and `Cache-Control: no-cache`;
  `If-None-Match` gives 304. The tag changes with every publish, every day (UTC) and every release.
- **Pages**: with `limit`, the next page is in the `Link` header (`rel="next"`) and in `next`. All pages of a walk are
  as known when its first was asked for. Without `limit` everything comes in one answer.
- **Errors** are problem documents (RFC 9457, `application/problem+json`) with `type`, `title`, `status`, `detail`,
  `instance` and `request_id`. A 503 has `Retry-After`.
- **`X-Request-ID`** is on every answer: the caller's own if it is at most 64 letters, digits and `. _ : -`, else a new
  one.
- **Access**: a credential is a key (`X-API-Key: tc_...`, by `ticker-converter key create`) or a token
  (`Authorization: Bearer ...`, by `POST /v1/auth/token`), in a header and never in the address. Without a good one the
  answer is 401, without the scope that is named below it is 403. While `API_ANONYMOUS_READ` is true, `read` needs none.
- **A page** signs in at `POST /v1/auth/session` instead: the browser keeps a cookie that no script reads, and whatever
  is not a GET needs the session's `csrf_token` in `X-CSRF-Token`.
- `HEAD` is answered wherever `GET` is.
"""


def page() -> str:
    """The whole page."""
    home = Path(tempfile.gettempdir()) / "ticker-converter-docs"  # nothing is written there
    document = application.openapi(create_app(settings.load({"TICKER_CONVERTER_HOME": str(home)})))
    formats = ", ".join(f"`{one.name}` (`{one.media_type}`)" for one in FORMATS)
    parts = [MADE, ABOUT.format(formats=formats)]
    paths: dict[str, Any] = document["paths"]  # type: ignore[assignment]
    for path, methods in paths.items():
        for method, operation in methods.items():
            parts.append(_route(f"{method.upper()} {path}", operation))
    parts.append("\n## Objects\n")
    schemas: dict[str, Any] = document["components"]["schemas"]  # type: ignore[index]
    parts.extend(_object(name, schema) for name, schema in sorted(schemas.items()))
    parts.append("\n## Problems\n\n| type | status | title |\n|---|---|---|\n")
    parts.extend(f"| `{one.type}` | {one.status} | {one.title} |\n" for one in problems.kinds())
    parts.append("| `about:blank` | any other | what the status says |\n")
    return "".join(parts)


def _route(title: str, operation: dict[str, Any]) -> str:
    answer = next(
        (
            found["content"]["application/json"]["schema"]
            for status, found in operation["responses"].items()
            if status in ("200", "202")
        ),
        None,
    )
    content = operation.get("requestBody", {}).get("content", {})
    body = next((found["schema"] for found in content.values()), None)
    takes = f" Takes {_kind(body)}{FORM if FORM_TYPE in content else ''}." if body else ""
    gives = f" Gives {_kind(answer)}." if answer else ""
    scope = f" Scope `{operation['x-scope']}`." if "x-scope" in operation else ""
    text = f"\n## `{title}`\n\n{operation['description']}{takes}{gives}{scope}\n"
    rows = [_parameter(one) for one in operation.get("parameters", [])]
    return text + ("\n| parameter | kind | default | |\n|---|---|---|---|\n" + "".join(rows) if rows else "")


def _parameter(one: dict[str, Any]) -> str:
    required = " (required)" if one.get("required") else ""
    kind, default = _kind(one["schema"]).removesuffix(" or null"), _default(one["schema"])
    return f"| `{one['name']}`{required} | {kind} | {default} | {_cell(one.get('description') or '')} |\n"


def _object(name: str, schema: dict[str, Any]) -> str:
    rows = [
        f"| `{field}` | {_kind(value)} | {_cell(value.get('description', ''))} |\n"
        for field, value in schema["properties"].items()
    ]
    about = f"\n{schema['description']}\n" if schema.get("description") else ""
    return f"\n### {name}\n{about}\n| field | kind | |\n|---|---|---|\n{''.join(rows)}"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    kind: str = schema["type"]
    named: dict[str, str] = {"string": schema.get("format") or "text", "boolean": "true or false"}
    return named.get(kind, kind)


def _default(schema: dict[str, Any]) -> str:
    value = schema.get("default")
    return "" if value is None else f"`{str(value).lower()}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
