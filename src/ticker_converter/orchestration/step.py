"""The two operators that the DAGs are made of: one step of `ops.scheduled`, or one command of the command line.

What may pass is raised as it is, and Airflow tries again; what will not is AirflowFailException, which it does not. A
step whose quota is spent is deferred until the window opens. Nothing of ours is imported before a task runs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from ticker_converter.orchestration.window import QuotaWindow

if TYPE_CHECKING:
    from ticker_converter.ops.scheduled import Interval

PRICES = Asset("prices", uri="ticker-converter://warehouse/prices")
RATES = Asset("rates", uri="ticker-converter://warehouse/rates")
MART = Asset("mart", uri="ticker-converter://mart")

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"No DAG has a run before this day, and none catches up with what it missed."
DEFAULTS: Mapping[str, Any] = {
    "owner": "ticker-converter",
    "retries": 4,
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(minutes=30),
}
"The first wait before a new try is Airflow's default_task_retry_delay."


class Step(BaseOperator):
    """Run a function of `ops.scheduled` with these words, for the run's interval."""

    template_fields: Sequence[str] = ("words",)

    def __init__(self, *, call: str, words: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.call, self.words = call, words or {}

    def execute(self, context: Mapping[str, Any]) -> Any:
        """Run it; what it returns goes to the tasks after it."""
        from ticker_converter import connection, db
        from ticker_converter.errors import Permanent
        from ticker_converter.ops import scheduled
        from ticker_converter.orchestration.secrets import settings

        function = getattr(scheduled, self.call)
        try:
            given = settings()
            with db.translated(), connection.writer(given, "airflow") as conn:
                conn.autocommit = True
                told = function(conn, given, interval(context), **self.words)
        except Permanent as error:
            raise AirflowFailException(f"{type(error).__name__}: {error}") from error
        self.log.info("%s", told)
        if isinstance(told, dict) and (waits := told.get("waits")):
            self.log.info("%(provider)s: no call is left before %(until)s", waits)
            self.defer(trigger=QuotaWindow(**waits), method_name="resume")
        return told

    def resume(self, context: Mapping[str, Any], event: Mapping[str, Any] | None = None) -> Any:
        """The quota's window is open: go on with what is left."""
        return self.execute(context)


class Command(BaseOperator):
    """Run the command line in a process of its own. Code 2 and 4 are for good; any other but 0 is tried again."""

    def __init__(self, *, command: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = list(command)

    def execute(self, context: Mapping[str, Any]) -> None:
        """Run it, with its words in the task's log."""
        shown = f"ticker-converter {' '.join(self.command)}"
        done = subprocess.run(
            [sys.executable, "-m", "ticker_converter", *self.command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            self.log.info("%s", line)
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        if "invalid choice" in done.stdout or "unknown command" in done.stdout:
            raise AirflowFailException(
                f"`{shown}`: this release has no such command; install the one that has, or pause this DAG ({last})"
            )
        if done.returncode in (2, 4):
            raise AirflowFailException(f"`{shown}` ended with {done.returncode}: {last}")
        if done.returncode:
            raise AirflowException(f"`{shown}` ended with {done.returncode}: {last}")


def interval(context: Mapping[str, Any]) -> Interval:
    """What the run is for; a run without an interval (an asset's, a person's) is for the time it was made."""
    from ticker_converter.ops.scheduled import Interval

    run = context["dag_run"]
    until = run.data_interval_end or run.run_after
    return Interval(run.data_interval_start or until, until)
