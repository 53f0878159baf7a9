"""The production server: a Gunicorn master that keeps Uvicorn workers running.

Each worker makes the application for itself, so that a reload (SIGHUP) brings new code. SIGTERM lets requests under way
end, for at most GRACE seconds. Gunicorn's control socket is off: nothing here uses it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.util import import_app  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from ticker_converter import db
from ticker_converter.api import logs
from ticker_converter.settings import Settings

#: Gunicorn names an application by its module; app.py is above this room and composes it with the pages.
APPLICATION = "ticker_converter.app"
FACTORY = "create_app"

#: Longer than the 60 s for which nginx keeps idle upstream connections: a server that closes first loses requests.
KEEP_ALIVE = 75
GRACE = 30


class Worker(UvicornWorker):  # type: ignore[misc]
    """Without a header that names the software, and without websockets; our middleware logs the requests."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        **UvicornWorker.CONFIG_KWARGS, "server_header": False, "access_log": False, "lifespan": "on", "ws": "none",
        "timeout_graceful_shutdown": GRACE,
    }  # fmt: skip


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings, self._options = settings, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return import_app(f"{APPLICATION}:{FACTORY}")(self._settings)


def options(settings: Settings, host: str, port: int, workers: int) -> dict[str, Any]:
    """Gunicorn's settings."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return {
        "bind": [address], "workers": workers, "worker_class": Worker, "timeout": settings.api_timeout,
        "graceful_timeout": GRACE, "keepalive": KEEP_ALIVE, "max_requests": settings.api_max_requests,
        "max_requests_jitter": settings.api_max_requests_jitter if settings.api_max_requests else 0,
        "logconfig_dict": logs.config(settings), "loglevel": settings.log_level.lower(),
        "proc_name": "ticker-converter", "control_socket_disable": True,
    }  # fmt: skip


def run(
    settings: Settings, host: str | None = None, port: int | None = None, workers: int | None = None
) -> int:
    """Serve until SIGTERM or SIGINT, then end the process; defaults are API_HOST, API_PORT and API_WORKERS.

    The embedded database, where it is the one, is started first and once, by the parent of all workers."""
    if settings.embedded:
        db.url(settings)
    _Server(
        settings,
        options(
            settings, host or settings.api_host, port or settings.api_port, workers or settings.api_workers
        ),
    ).run()
    return 0
