"""Restore drill: every Sunday, restore the newest backup beside the database and compare the two."""

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, Command

with DAG(
    "restore_drill", schedule="0 4 * * 0", start_date=FIRST, catchup=False, max_active_runs=1, default_args=DEFAULTS,
    tags=["operate"], doc_md=__doc__,
):  # fmt: skip
    Command(task_id="drill", command=["backup", "drill"])
