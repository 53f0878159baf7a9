"""Every price in your currency, with a receipt.

    import ticker_converter as tc
    wh = tc.connect()                  # the embedded database, or DATABASE_URL, or tc.connect(url)
    wh = tc.connect("https://...", key="tc_...")   # a server's HTTP API: the same methods, the same answers
    wh.prices("AAPL", currency="GBP", since="2020-01-01", adjust="splits").to_polars()
    wh.convert(100, "USD", "GBP", on="2020-08-30").receipt

Importing this loads nothing else: the names below are found when they are first used.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Table", "Warehouse", "__version__", "connect", "errors"]

TYPE_CHECKING = False  # what type checkers take for true; the module typing would be loaded for it
if TYPE_CHECKING:
    from ticker_converter import errors
    from ticker_converter.connection import Warehouse, connect
    from ticker_converter.table import Table

_HOMES = {"connect": "connection", "Warehouse": "connection", "Table": "table"}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "errors":
        return import_module(f"{__name__}.errors")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
