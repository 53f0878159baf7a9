"""Log lines of the server processes: text for a person, or an object a line, by LOG_FORMAT.

Both go to standard error. What a line may hold is decided where it is logged; the access log has no query string.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

from ticker_converter.settings import Settings

#: Attributes that every record has; whatever else one has was given with `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then what the caller added."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC), "level": record.levelname,
            "logger": record.name, "message": record.getMessage(),
        }  # fmt: skip
        line |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextFormatter(logging.Formatter):
    """Time, level, logger and message; the request id where there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        said, _, trace = super().format(record).partition("\n")
        request = getattr(record, "request_id", None)
        return "\n".join(filter(None, [f"{said} [{request}]" if request else said, trace]))


def config(settings: Settings) -> dict[str, Any]:
    """For logging.config.dictConfig, and for Gunicorn's `logconfig_dict`."""
    formatter = JsonFormatter if settings.log_format == "json" else TextFormatter
    loud: dict[str, Any] = {"level": settings.log_level, "handlers": ["stderr"], "propagate": False}
    quiet: dict[str, Any] = {"level": "CRITICAL", "handlers": [], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
        },
        "root": {"level": settings.log_level, "handlers": ["stderr"]},
        # Gunicorn and Uvicorn bring handlers of their own; and their access lines would hold the query.
        "loggers": {
            "gunicorn.error": loud,
            "gunicorn.access": quiet,
            "uvicorn.error": loud,
            "uvicorn.access": quiet,
        },
    }
