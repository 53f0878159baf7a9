"""Ten questions that a copy of the warehouse must answer as the original did.

They are chosen from what is stored and name their days, so that neither the clock nor later data change an answer. What
cannot be answered (no rate, no bars) is an answer too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from ticker_converter.db import Connection
from ticker_converter.errors import NotThere, Usage
from ticker_converter.ops.recovery.archive import Question
from ticker_converter.queries import (
    actions,
    conversion,
    explain,
    instruments,
    performers,
    prices,
    returns,
    value,
)
from ticker_converter.queries.clock import today
from ticker_converter.queries.result import Policy

Ask = Callable[[Connection, Mapping[str, Any], Policy], object]


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _instruments(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    names = ("symbol", "mic", "unit", "providers", "first_session", "last_session", "bars")
    return [{name: one[name] for name in names} for one in instruments.instruments(conn)][:1000]


def _currencies(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    return actions.currencies(conn)


def _convert(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    return conversion.convert(
        conn, Decimal("100"), asked["from"], asked["to"], on=_day(asked["on"]), policy=policy
    ).as_dict()


def _rates(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    last = _day(asked["to"])
    found = conversion.rates(
        conn, asked["base"], asked["quote"], first=last - timedelta(days=10), last=last, policy=policy
    )
    return found.as_dict()


def _prices(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    last = _day(asked["to"])
    found = prices.prices(
        conn, asked["symbol"], currency=asked["in"], first=last - timedelta(days=14), last=last,
        adjust=asked["adjust"], policy=policy, receipts=True,
    )  # fmt: skip
    return found.as_dict()


def _returns(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    last = _day(asked["to"])
    return returns.returns(
        conn, asked["symbol"], currency=asked["in"], first=last - timedelta(days=30), last=last, policy=policy
    ).as_dict()


def _explain(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    last = _day(asked["to"])
    return explain.between_dates(
        conn, asked["symbol"], currency=asked["in"], first=last - timedelta(days=7), last=last, policy=policy
    )


def _value(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    held = [(symbol, Decimal(10)) for symbol in asked["symbols"]]
    return value.value(conn, held, currency=asked["in"], on=_day(asked["on"]), policy=policy)


def _actions(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    return actions.actions(conn, asked["symbol"], currency=asked["in"], policy=policy).as_dict()


def _performers(conn: Connection, asked: Mapping[str, Any], policy: Policy) -> object:
    found = performers.performers(
        conn, currency=asked["in"], window="5d", limit=5, on=_day(asked["on"]), policy=policy
    )
    return found.as_dict()


ASKED: dict[str, Ask] = {
    "instruments": _instruments, "currencies": _currencies, "convert": _convert, "rates": _rates, "prices": _prices,
    "returns": _returns, "explain": _explain, "value": _value, "actions": _actions, "performers": _performers,
}  # fmt: skip


def ask(conn: Connection, policy: Policy) -> tuple[Question, ...]:
    """The ten questions with today's answers."""
    listed = [one for one in instruments.instruments(conn) if one["bars"]]
    symbol = listed[0]["symbol"] if listed else "AAPL"
    last = min(max((one["last_session"] for one in listed), default=today(conn)), today(conn)).isoformat()
    own = listed[0]["currency"] if listed else "USD"
    to = "GBP" if own != "GBP" else "USD"
    about = {"symbol": symbol, "in": to, "to": last}
    asked: dict[str, Mapping[str, Any]] = {
        "instruments": {}, "currencies": {}, "convert": {"from": own, "to": to, "on": last},
        "rates": {"base": own, "quote": to, "to": last}, "prices": {**about, "adjust": "splits"},
        "returns": about, "explain": about, "actions": {"symbol": symbol, "in": to},
        "value": {"symbols": [one["symbol"] for one in listed[:5]] or ["CASH:USD"], "in": to, "on": last},
        "performers": {"in": to, "on": last},
    }  # fmt: skip
    return tuple(Question(name, words, answer(conn, name, words, policy)) for name, words in asked.items())


def answer(conn: Connection, name: str, asked: Mapping[str, Any], policy: Policy) -> str:
    """One answer as JSON; a refusal's class and words where there is none."""
    try:
        found = ASKED[name](conn, asked, policy)
    except (NotThere, Usage) as error:
        found = {"refused": type(error).__name__, "message": str(error)}
    return msgspec.json.Encoder(decimal_format="number").encode(found).decode()


def differing(conn: Connection, questions: tuple[Question, ...], policy: Policy) -> list[str]:
    """Which of them this warehouse answers in another way."""
    return [one.name for one in questions if answer(conn, one.name, one.asked, policy) != one.answer]
