"""Publish: after every load, take in what a stopped run had landed, and say what readers see now.

Each load is published in its own transaction; this leaves nothing behind that was fetched and not loaded. Quality
follows it.
"""

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, MART, PRICES, RATES, Step

with DAG(
    "publish", schedule=(PRICES | RATES), start_date=FIRST, catchup=False, max_active_runs=1, default_args=DEFAULTS,
    tags=["load"], doc_md=__doc__,
):  # fmt: skip
    Step(task_id="publish", call="publish", outlets=[MART])
