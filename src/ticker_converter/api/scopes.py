"""Which scope each address asks for: the one table, by method and path.

A route that is not in it cannot be made (`access.Guarded`): what is forgotten here fails at import, not in production.
"""

from __future__ import annotations

from collections.abc import Mapping

from ticker_converter.access.scopes import ADMIN, OPERATE, READ

#: None: for everybody. `read` is for everybody too where API_ANONYMOUS_READ says so.
ROUTES: Mapping[tuple[str, str], str | None] = {
    ("GET", "/health/live"): None,
    ("GET", "/health/ready"): None,
    ("POST", "/v1/auth/token"): None,
    ("POST", "/v1/auth/session"): None,
    ("GET", "/v1/auth/session"): None,
    ("DELETE", "/v1/auth/session"): None,
    ("GET", "/v1/prices"): READ,
    ("GET", "/v1/prices/{symbol}"): READ,
    ("GET", "/v1/rates/{base}/{quote}"): READ,
    ("GET", "/v1/convert"): READ,
    ("GET", "/v1/instruments"): READ,
    ("GET", "/v1/instruments/{symbol}"): READ,
    ("GET", "/v1/watch"): READ,
    ("GET", "/v1/known/{symbol}"): READ,
    ("GET", "/v1/performers"): READ,
    ("GET", "/v1/screen"): READ,
    ("GET", "/v1/summary"): READ,
    ("GET", "/v1/indicators/{symbol}"): READ,
    ("GET", "/v1/returns/{symbol}"): READ,
    ("POST", "/v1/valuation"): READ,
    ("POST", "/v1/valuation/history"): READ,
    ("GET", "/v1/explain/{symbol}"): READ,
    ("GET", "/v1/actions/{symbol}"): READ,
    ("GET", "/v1/currencies"): READ,
    ("GET", "/v1/status"): OPERATE,
    ("GET", "/v1/calls"): OPERATE,
    ("GET", "/v1/runs"): OPERATE,
    ("GET", "/v1/runs/{id}"): OPERATE,
    ("GET", "/v1/quarantine"): OPERATE,
    ("GET", "/v1/gaps"): OPERATE,
    ("GET", "/v1/audit"): ADMIN,
    ("POST", "/v1/instruments"): OPERATE,
    ("POST", "/v1/quarantine/{id}"): OPERATE,
    ("POST", "/v1/corrections"): OPERATE,
    ("POST", "/v1/runs"): OPERATE,
    ("DELETE", "/v1/runs/{id}"): OPERATE,
}
