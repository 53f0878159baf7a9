"""Daily rates: half an hour after the European Central Bank's publication, on its days, fetch what is missing.

Every source of FX_SOURCES is asked. Four hours later it is asked once more, for what came late. `published` fails, and
is tried again, while the day's fixing is not there.
"""

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, RATES, Step
from ticker_converter.orchestration.timetable import SessionCloses

with DAG(
    "daily_rates", schedule=SessionCloses(minutes=(30, 270), exchanges=("TARGET",)), start_date=FIRST, catchup=False,
    max_active_runs=2, default_args=DEFAULTS, tags=["load"], doc_md=__doc__,
):  # fmt: skip
    Step(task_id="load", call="rates", outlets=[RATES]) >> Step(task_id="published", call="late_rates")
