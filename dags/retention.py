"""Retention: every night, remove what has outlived its time: requests that are over, expired tokens, ended sessions.

What a provider sent, revisions and the audit trail are never removed. The command prints what it removes first.
"""

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, Command

with DAG(
    "retention", schedule="30 3 * * *", start_date=FIRST, catchup=False, max_active_runs=1, default_args=DEFAULTS,
    tags=["operate"], doc_md=__doc__,
):  # fmt: skip
    Command(task_id="retention", command=["retention"])
