"""The production server: a Gunicorn master that keeps Uvicorn workers running.

Each worker makes the application for itself, so that a reload (SIGHUP) brings new code. SIGTERM lets requests under way
end, for at most GRACE seconds; workers drain before they end (draining.py). Gunicorn's control socket is off: nothing
here uses it.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import Any, ClassVar

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.util import import_app  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from ticker_converter import db
from ticker_converter.access import passwords
from ticker_converter.api import logs
from ticker_converter.api.draining import DrainingServer, Turn
from ticker_converter.api.newest import Newest
from ticker_converter.api.slots import Slots
from ticker_converter.errors import BadSetting
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
        # Ours knows TRUSTED_PROXIES; Uvicorn believes whoever asks from this machine.
        "proxy_headers": False,
        "timeout_graceful_shutdown": GRACE, "limit_max_requests": None,
    }  # fmt: skip

    turn: ClassVar[Turn | None] = None
    "Shared by the workers of one master, which makes it before it forks them."

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        limit = self.max_requests if self.max_requests < sys.maxsize else None
        server = DrainingServer(self.config, limit, self.turn, self.ppid)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings, self._options = settings, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return import_app(f"{APPLICATION}:{FACTORY}")(self._settings)


def options(
    settings: Settings, host: str, port: int, workers: int, slots: Slots | None = None
) -> dict[str, Any]:
    """Gunicorn's settings; with `slots` the workers count for Prometheus."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return {
        "bind": [address], "workers": workers, "worker_class": Worker, "timeout": settings.api_timeout,
        "graceful_timeout": GRACE, "keepalive": KEEP_ALIVE, "max_requests": settings.api_max_requests,
        "max_requests_jitter": settings.api_max_requests_jitter if settings.api_max_requests else 0,
        "logconfig_dict": logs.config(settings), "loglevel": settings.log_level.lower(),
        "proc_name": "ticker-converter", "control_socket_disable": True, **(_counting(slots) if slots else {}),
    }  # fmt: skip


def _counting(slots: Slots) -> dict[str, Any]:
    """Gunicorn's hooks that give each worker a slot."""

    def before(arbiter: Any, worker: Any) -> None:
        worker.slot = slots.free(one.slot for one in arbiter.WORKERS.values())

    def after(arbiter: Any, worker: Any) -> None:
        del arbiter
        slots.enter(worker.slot)

    def ended(arbiter: Any, worker: Any) -> None:
        del arbiter
        slots.left(worker.slot)

    def over(arbiter: Any) -> None:
        del arbiter
        slots.close()

    return {"pre_fork": before, "post_fork": after, "child_exit": ended, "on_exit": over}


def run(
    settings: Settings, host: str | None = None, port: int | None = None, workers: int | None = None
) -> int:
    """Serve until SIGTERM or SIGINT, then end the process; defaults are API_HOST, API_PORT and API_WORKERS.

    The embedded database, where it is the one, is started first and once, by the parent of all workers."""
    if settings.embedded:
        db.url(settings)
    settings = replace(
        settings, api_host=host or settings.api_host, api_port=port or settings.api_port,
        api_workers=workers or settings.api_workers,
    )  # fmt: skip
    Worker.turn = Turn()
    slots = _metrics(settings) if settings.enable_metrics else None
    passwords.places()  # before the workers are forked, who share them
    Newest.shared = Newest()
    given = settings.api_host, settings.api_port, settings.api_workers
    _Server(settings, options(settings, *given, slots)).run()
    return 0


def _metrics(settings: Settings) -> Slots | None:
    """The metrics' folder, once their listener runs. Outside production a port that another program has (a laptop's
    Prometheus) is no reason not to serve."""
    from ticker_converter.api import exporter

    try:
        taken = exporter.listener(settings)
    except BadSetting as error:
        if settings.production:
            raise
        logging.getLogger(__name__).warning("no metrics: %s", error)
        return None
    slots = Slots()
    exporter.fork(settings, slots.folder, taken)
    taken.close()
    return slots
