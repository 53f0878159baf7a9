"""Settings of Airflow 2 as Airflow 3 understands them, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.airflow import seed
from ticker_converter.errors import BadSetting
from ticker_converter.orchestration.environment import FAB, admin, environment, lookup


def made(tmp_path: Path, **more: str) -> dict[str, str]:
    """The environment made from the seed's file, with the secrets outside."""
    file = tmp_path / "env"
    url = "postgresql://airflow_user:${AIRFLOW_DB_PASSWORD}@db:5432/airflow"
    given = seed(url, tmp_path) | more
    outside = {
        name: given.pop(name) for name in [*given] if name in ("AIRFLOW_FERNET_KEY", "AIRFLOW_SECRET_KEY")
    }
    file.write_text("".join(f'{name}="{value}"\n' for name, value in given.items()))
    return environment(lookup({"ENV_FILE": str(file), "AIRFLOW_DB_PASSWORD": "a/b@c#d%e f", **outside}))


def test_the_seeds_names_are_what_they_mean_in_airflow_3(tmp_path: Path) -> None:
    env = made(tmp_path)
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == (
        "postgresql://airflow_user:a%2Fb%40c%23d%25e%20f@db:5432/airflow"
    )
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"].startswith(
        "postgresql+asyncpg://airflow_user:a%2Fb"
    )
    assert env["AIRFLOW__CORE__AUTH_MANAGER"] == FAB
    assert len(env["AIRFLOW__API__SECRET_KEY"]) > 40
    assert len(env["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64
    assert not [name for name in env if "WEBSERVER" in name]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AIRFLOW__WEBSERVER__AUTHENTICATE", "false", "ignored by Airflow 3"),
        ("AIRFLOW__WEBSERVER__AUTH_BACKEND", "airflow.api.auth.backend.default", "ignored by Airflow 3"),
        ("AIRFLOW_JWT_SECRET", "short", "shorter than 64 bytes"),
        ("AIRFLOW_JWT_SECRET", "", "JWT_SECRET (missing)"),
        ("AIRFLOW_FERNET_KEY", "changeme", "placeholder"),
        ("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor", "CELERY_BROKER_URL"),
        ("AIRFLOW__API__SECRET_KEY", "another", "contradict"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////tmp/x.db", "PostgreSQL only"),
        (
            "AIRFLOW__CORE__AUTH_MANAGER",
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "lets everyone in",
        ),
    ],
)
def test_what_means_nothing_or_is_missing_is_refused(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    with pytest.raises(BadSetting, match=said.replace("(", r"\(").replace(")", r"\)")):
        made(tmp_path, **{name: value})


def test_the_administrator_needs_a_password(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="AIRFLOW_ADMIN_PASSWORD"):
        admin(lookup({"TICKER_CONVERTER_HOME": str(tmp_path)}))
