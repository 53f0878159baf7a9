"""Backfill: fetch the history that is missing of symbols over a range; started by a person, with parameters.

What is stored is not asked for, so that the same parameters again go on where the last run ended. A batch whose quota
is spent waits in the triggerer, for days if need be.
"""

from airflow.sdk import DAG, Param

from ticker_converter.orchestration.step import DEFAULTS, FIRST, PRICES, Step

with DAG(
    "backfill", schedule=None, start_date=FIRST, catchup=False, max_active_runs=2, default_args=DEFAULTS,
    tags=["load"], doc_md=__doc__, render_template_as_native_obj=True,
    params={
        "symbols": Param([], type="array", items={"type": "string"}, description="none: the whole watch list"),
        "since": Param("2020-01-01", type="string", format="date", description="the first day"),
        "until": Param(None, type=["null", "string"], format="date", description="the last day; none: yesterday"),
        "provider": Param(None, type=["null", "string"], description="this provider only"),
    },
):  # fmt: skip
    words = {name: f"{{{{ params['{name}'] }}}}" for name in ("symbols", "since", "until", "provider")}
    history = Step(task_id="history", call="history", words=words)
    Step.partial(
        task_id="load", call="backfill", outlets=[PRICES], max_active_tis_per_dag=2,
        map_index_template="{{ task.words['symbols'] | join(' ') }}",
    ).expand(words=history.output)  # fmt: skip
