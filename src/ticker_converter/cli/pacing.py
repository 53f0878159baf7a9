"""How far a run of calls has come: a bar, what the quotas still allow, and when it ends.

The end is worked out from the slower of two paces: the calls made so far, and the calls a minute that a provider
allows. It refuses to name an end before the first call is done.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ticker_converter.fetching import told

if TYPE_CHECKING:
    from ticker_converter.coverage import Room
    from ticker_converter.records import Call

WIDTH = 16


class Calls:
    """Stands between a run and its Progress: tells each planned call with its place among all of them."""

    def __init__(
        self, progress: Callable[[str], None], calls: Sequence[Call], room: Mapping[str, Room],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._progress, self._room, self._clock = progress, room, clock
        self._planned = Counter(told(call) for call in calls)
        self._providers = Counter(call.provider for call in calls)
        self._whole, self._made, self._began = len(calls), 0, clock()
        self._asked: Counter[str] = Counter()

    def __call__(self, text: str) -> None:
        if self._planned[text] <= 0:
            self._progress(text)
            return
        self._planned[text] -= 1
        provider = text.partition(":")[0]
        self._asked[provider] += 1
        parts = [f"{bar(self._made, self._whole)} {self._made} of {self._whole}", text]
        if (left := self._room[provider].left) is not None:
            parts.append(f"{max(0, left - self._asked[provider] + 1)} calls left today")
        if self._made:
            parts.append(f"done about {datetime.now(UTC) + timedelta(seconds=self._rest()):%H:%M} UTC")
        self._made += 1
        self._progress(", ".join(parts))

    def _rest(self) -> float:
        """Seconds that the remaining calls take."""
        paces = [(self._whole - self._made) * (self._clock() - self._began) / self._made]
        for provider, number in self._providers.items():
            if limit := self._room[provider].a_minute:
                paces.append((number - self._asked[provider]) * 60 / limit)
        return max(paces)


def bar(made: int, whole: int) -> str:
    """How much of the whole is made."""
    filled = WIDTH * made // whole if whole else WIDTH
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}]"
