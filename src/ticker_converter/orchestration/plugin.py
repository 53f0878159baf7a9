"""What Airflow finds by our entry point `airflow.plugins`: without it the scheduler would refuse our timetable."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from ticker_converter.orchestration.timetable import SessionCloses


class TickerConverterPlugin(AirflowPlugin):
    """Registers the timetable."""

    name = "ticker_converter"
    timetables = [SessionCloses]
