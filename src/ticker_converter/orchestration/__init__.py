"""What Apache Airflow needs of us: a timetable of exchange sessions, an operator that runs one step, the trigger that
waits for a quota, and the environment its programs are started with.

It holds no logic of its own: the steps are `ops.scheduled` and the command line. Only these modules import Airflow,
which is not installed with this package but with its extra `airflow`.
"""
