"""How many examples of each property were tried, and how many the long profile asks for.

A test may check several histories in one example of hypothesis, so that one import carries all of them: it counts what
it has checked by itself, and in the long profile one that has checked too few has failed.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import hypothesis
from hypothesis import HealthCheck
from hypothesis import strategies as st

#: Of each property in the long profile, and in the short one.
LONG, SHORT = 10_000, 50
PROPERTY = "histories"

_checked: Counter[str] = Counter()
_asked: dict[str, int] = {}


def is_long() -> bool:
    """Whether `HYPOTHESIS_PROFILE=long` was asked for."""
    return hypothesis.settings().max_examples >= 1000


def histories(together: int = 1, short: int = SHORT) -> hypothesis.settings:
    """Settings of a property that has `together` histories in each example: 10,000 histories or more in the long
    profile. Every one of them is drawn by itself and counted by `checked`."""
    wanted = LONG if is_long() else short
    return hypothesis.settings(
        max_examples=-(-wanted // together),
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


def checked(number: int = 1, asked: int = LONG) -> None:
    """Count histories that the running test has checked; `asked` of it in the long profile."""
    _checked[_running()] += number
    _asked[_running()] = asked


def counted(test: str) -> int:
    """What a test has counted."""
    return _checked[test]


def asked(test: str) -> int:
    """How many the long profile asks of a test."""
    return _asked.get(test, LONG)


def _running() -> str:
    return os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]


class Batch:
    """Histories that share a warehouse. It prints as their number: what fails names the one it is of."""

    def __init__(self, histories: list[Any]) -> None:
        self.histories = histories

    def __repr__(self) -> str:
        return f"<{len(self.histories)} histories>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


def batches(kind: st.SearchStrategy[Any], together: int) -> st.SearchStrategy[Batch]:
    """So many histories, each drawn by itself."""
    return st.builds(Batch, st.lists(kind, min_size=together, max_size=together))
