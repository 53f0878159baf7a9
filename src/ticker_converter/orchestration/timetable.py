"""An Airflow timetable of exchange sessions: a run some time after each close, none on a weekend or a holiday.

A run's interval reaches from the mark before it to its own. Missed marks are not made up for one by one: a step looks
at what is missing, so that one run after an outage does the work of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from ticker_converter.orchestration import marks


class SessionCloses(Timetable):
    """Runs at each close of these exchanges (default: of all with a calendar) plus each delay, in minutes."""

    def __init__(self, minutes: Sequence[int], exchanges: Sequence[str] = ()) -> None:
        self._minutes, self._exchanges = tuple(minutes), tuple(exchanges)
        self._mics = self._exchanges or marks.exchanges()
        self._delays = tuple(timedelta(minutes=each) for each in self._minutes)
        whose = ", ".join(self._exchanges) or "every exchange"
        self.description = f"{' and '.join(map(str, self._minutes))} minutes after the close of {whose}"

    @property
    def summary(self) -> str:
        """What the list of DAGs shows."""
        return f"after closes of {', '.join(self._exchanges) or 'exchanges'}"

    def serialize(self) -> dict[str, Any]:
        """What the scheduler makes it from again."""
        return {"minutes": list(self._minutes), "exchanges": list(self._exchanges)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> SessionCloses:
        """Made from what `serialize` gave."""
        return cls(data["minutes"], data["exchanges"])

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """A run that a person starts stands for the last mark."""
        end = marks.until(run_after, self._mics, self._delays) or run_after
        return self._interval(end)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next mark; the last one that passed if there was no run since and no catching up is wanted."""
        last = last_automated_data_interval.end if last_automated_data_interval else None
        mark = marks.after(last, self._mics, self._delays) if last else None
        earliest = restriction.earliest
        if not restriction.catchup:
            passed = marks.until(datetime.now(UTC), self._mics, self._delays)
            mark = max((each for each in (mark, passed) if each is not None), default=None)
            if last is not None and mark is not None and mark <= last:
                mark = marks.after(last, self._mics, self._delays)
        elif mark is None and earliest is not None:
            mark = marks.after(earliest, self._mics, self._delays)
        if mark is not None and earliest is not None and mark < earliest:
            mark = marks.after(earliest, self._mics, self._delays)
        if mark is None or (restriction.latest is not None and mark > restriction.latest):
            return None
        return DagRunInfo(run_after=pendulum.instance(mark), data_interval=self._interval(mark))

    def _interval(self, end: datetime) -> DataInterval:
        start = marks.until(end - timedelta(seconds=1), self._mics, self._delays) or end
        return DataInterval(pendulum.instance(start), pendulum.instance(end))
