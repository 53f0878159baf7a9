"""Daily prices: after each exchange's close, and only on its sessions, fetch and load what is missing.

An hour after a close, and again after four hours for providers that publish late, `due` lists the watched symbols whose
session is not stored, in batches that fit a minute's calls; one `load` task a batch fetches and loads them. A task
whose quota is spent waits in the triggerer until the window opens. Nothing due: no load, and no publish.
"""

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, PRICES, Step
from ticker_converter.orchestration.timetable import SessionCloses

with DAG(
    "daily_prices", schedule=SessionCloses(minutes=(60, 240)), start_date=FIRST, catchup=False, max_active_runs=8,
    default_args=DEFAULTS, tags=["load"], doc_md=__doc__,
):  # fmt: skip
    due = Step(task_id="due", call="due")
    Step.partial(
        task_id="load", call="prices", outlets=[PRICES], max_active_tis_per_dag=4,
        map_index_template="{{ task.words['symbols'] | join(' ') }}",
    ).expand(words=due.output)  # fmt: skip
