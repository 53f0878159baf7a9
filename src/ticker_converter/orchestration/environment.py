"""What Airflow's programs are started with: the settings of an installation, Airflow 2's names among them, as Airflow 3
understands them.

    environment(given) -> dict[str, str]      raises BadSetting naming what is missing or means nothing any more

Airflow ignores silently what it no longer knows, starts with an authentication of its own choosing, and lets every task
fail where two components hold unlike secrets; each of these is refused here before anything starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ticker_converter.envfile import Lookup
from ticker_converter.errors import BadSetting
from ticker_converter.secret import is_placeholder
from ticker_converter.settings import SETTINGS

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
BASIC = "airflow.api.auth.backend.basic_auth"
JWT_BYTES = 64
"Airflow signs with HS512: a shorter secret is refused by its library."

#: Names of ours and of Airflow 2, and the setting of Airflow 3 that each is.
NAMES = {
    "AIRFLOW_FERNET_KEY": "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW_SECRET_KEY": "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__WEBSERVER__SECRET_KEY": "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW_JWT_SECRET": "AIRFLOW__API_AUTH__JWT_SECRET",
    "CELERY_BROKER_URL": "AIRFLOW__CELERY__BROKER_URL",
}
#: Names of Airflow 2 that Airflow 3 ignores, and the values that mean what is done here anyway.
GONE = {
    "AIRFLOW__WEBSERVER__AUTHENTICATE": ("true", "1", "yes", "on"),
    "AIRFLOW__WEBSERVER__AUTH_BACKEND": (BASIC,),
    "AIRFLOW__API__AUTH_BACKEND": (BASIC,),
    "AIRFLOW__API__AUTH_BACKENDS": (BASIC, f"{BASIC},airflow.api.auth.backend.session"),
}
#: What holds unless the installation says otherwise.
DEFAULTS = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__AUTH_MANAGER": FAB,
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "120",
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "10",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
    "AIRFLOW__CELERY__TASK_ACKS_LATE": "true",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "86400",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
    "AIRFLOW__METRICS__STATSD_PREFIX": "airflow",
}
ADMIN = ("USERNAME", "PASSWORD", "EMAIL", "FIRSTNAME", "LASTNAME")
_SECRET = re.compile(r"FERNET_KEY|SECRET|PASSWORD|SQL_ALCHEMY_CONN|BROKER_URL|RESULT_BACKEND")
_OURS = {one.name for one in SETTINGS}


def lookup(given: Mapping[str, str] | None = None) -> Lookup:
    """Where the settings are looked up: as `settings.load` does, with Airflow's secrets among the secrets."""
    outside = dict(os.environ if given is None else given)  # environment: a child's is made from it
    secrets = {one.name for one in SETTINGS if one.secret}
    secrets |= {*NAMES, *NAMES.values(), "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"}
    home = outside.get("TICKER_CONVERTER_HOME")
    return Lookup.of(outside, Path(home or "/var/lib/ticker-converter") / ".env", frozenset(secrets))


def environment(found: Lookup) -> dict[str, str]:
    """The whole environment of a program of Airflow's."""
    names = sorted(
        {name for name in {*found.environ, *found.file, *NAMES} if name.startswith(("AIRFLOW", "CELERY"))}
    )
    stated = {name: value for name in names if (value := found.get(name))}
    for name, values in GONE.items():
        value = stated.pop(name, None)
        if value is not None and value.replace(" ", "").lower() not in values:
            raise BadSetting(
                f"{name} is ignored by Airflow 3, and its value asks for what is not done: people log in with users "
                "and passwords, programs with a token from /auth/token; remove it"
            )
    for old, new in NAMES.items():
        value = stated.pop(old, None)
        if value is not None and stated.setdefault(new, value) != value:
            raise BadSetting(f"{old} and {new} contradict each other: remove one of them")
    made = DEFAULTS | _database(stated) | _addresses(found) | _metrics(stated) | stated
    _refuse(made)
    ours = {name: value for name in _OURS if (value := found.get(name))}
    kept = {name: value for name, value in found.environ.items() if name not in GONE and name not in NAMES}
    return (
        kept
        | {name: value for name, value in ours.items() if name in found.environ or name == "BACKUP_SCHEDULE"}
        | made
    )


def admin(found: Lookup) -> dict[str, str]:
    """AIRFLOW_ADMIN_*; BadSetting without a password."""
    given = {name.lower(): found.get(f"AIRFLOW_ADMIN_{name}") or "" for name in ADMIN}
    if not given["password"] or is_placeholder(given["password"]):
        raise BadSetting("AIRFLOW_ADMIN_PASSWORD is missing or a placeholder")
    given["username"] = given["username"] or "admin"
    given["email"] = given["email"] or f"{given['username']}@{found.get('PUBLIC_HOST') or 'localhost'}"
    return {**given, "firstname": given["firstname"] or "Admin", "lastname": given["lastname"] or "User"}


def _database(stated: Mapping[str, str]) -> dict[str, str]:
    """The metadata's URL for both of Airflow's drivers: from `postgresql://` it would derive one that is not there."""
    url = stated.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    if not url:
        raise BadSetting(
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is missing: postgresql://airflow_user:${AIRFLOW_DB_PASSWORD}@db:5432/airflow"
        )
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise BadSetting(
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: Airflow's metadata are kept in PostgreSQL only"
        )
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{rest}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{rest}",
    }


def _addresses(found: Lookup) -> dict[str, str]:
    host = found.get("PUBLIC_HOST")
    return {"AIRFLOW__API__BASE_URL": f"https://{host}/airflow"} if host else {}


def _metrics(stated: dict[str, str]) -> dict[str, str]:
    host, port = stated.pop("AIRFLOW_STATSD_HOST", None), stated.pop("AIRFLOW_STATSD_PORT", "9125")
    if host is None:
        return {}
    return {
        "AIRFLOW__METRICS__STATSD_ON": "true",
        "AIRFLOW__METRICS__STATSD_HOST": host,
        "AIRFLOW__METRICS__STATSD_PORT": port,
    }


def _refuse(made: Mapping[str, str]) -> None:
    wrong = []
    for name in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"):
        value = made.get(name)
        if not value:
            wrong.append(f"{name} (missing)")
        elif is_placeholder(value):
            wrong.append(f"{name} (a placeholder)")
    if (
        made.get("AIRFLOW__API_AUTH__JWT_SECRET")
        and len(made["AIRFLOW__API_AUTH__JWT_SECRET"].encode()) < JWT_BYTES
    ):
        wrong.append(f"AIRFLOW__API_AUTH__JWT_SECRET (shorter than {JWT_BYTES} bytes)")
    if made["AIRFLOW__CORE__AUTH_MANAGER"].rpartition(".")[2] == "SimpleAuthManager":
        wrong.append("AIRFLOW__CORE__AUTH_MANAGER (SimpleAuthManager lets everyone in)")
    for name, value in made.items():
        if name.startswith("AIRFLOW__") and "$" in value and _SECRET.search(name):
            wrong.append(f"{name} (holds a $, which Airflow would take for a variable: use another secret)")
    if (
        made["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
        and not urlsplit(made.get("AIRFLOW__CELERY__BROKER_URL", "")).scheme
    ):
        wrong.append("AIRFLOW__CELERY__BROKER_URL (missing: CELERY_BROKER_URL=redis://:password@host:6379/0)")
    if wrong:
        raise BadSetting(f"Airflow is not started: {', '.join(wrong)}")
