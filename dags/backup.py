"""Backup: make one on the schedule of BACKUP_SCHEDULE (cron, UTC), remove those past BACKUP_RETENTION_DAYS.

Where systemd's timer makes the backups (no containers), this DAG stays paused: one owner a schedule.
"""

import os

from airflow.sdk import DAG

from ticker_converter.orchestration.step import DEFAULTS, FIRST, Command

with DAG(
    "backup", schedule=os.environ.get("BACKUP_SCHEDULE") or "0 2 * * *", start_date=FIRST, catchup=False,
    max_active_runs=1, default_args=DEFAULTS, tags=["operate"], doc_md=__doc__,
):  # fmt: skip
    create = Command(task_id="create", command=["backup", "create"])
    create >> Command(task_id="prune", command=["backup", "prune"])
