"""Quality: once a day, run the rules over all that is stored, look for gaps and for what is late.

Each task fails with what was found and what to do; none is tried again, because the data would be the same.
"""

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, Step

with DAG(
    "quality", schedule="30 5 * * *", start_date=FIRST, catchup=False, max_active_runs=1, default_args=DEFAULTS,
    tags=["watch"], doc_md=__doc__,
):  # fmt: skip
    for name in ("rules", "gaps", "freshness"):
        Step(task_id=name, call=name)
