"""Where settings come from, what is refused, and that no value ever shows."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from ticker_converter import settings
from ticker_converter.errors import BadSetting
from ticker_converter.settings import SETTINGS, Secret, Settings

NASTY = "p@ss/w#rd% $x:?&=\"'ü"
KEY = "q9Zt7Lk2Xv5Rb8Nw3Jm6Hc4Pd1Gf0Ys_aE"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": f"postgresql://ticker_user:{KEY}@db:5432/ticker_converter",
    "JWT_SECRET_KEY": KEY,
    "ALPHA_VANTAGE_API_KEY": "WX7PQ2LM9KD4ZR1T",
}

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """`load(NAME="value")` with nothing else set and a home that is empty."""

    def load(**environ: str) -> Settings:
        return settings.load({"TICKER_CONVERTER_HOME": str(tmp_path / "home"), **environ})

    return load


@pytest.fixture
def env_file(tmp_path: Path) -> Callable[[str], str]:
    """Write an env file of mode 0600; its path."""

    def write(text: str) -> str:
        path = tmp_path / "env"
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    return write


def revealed(secret: Secret | None) -> str:
    assert secret is not None
    return secret.reveal()


# ---- defaults and types ----


def test_nothing_set_is_a_laptop_with_the_embedded_database_and_the_demo_key(load: Load) -> None:
    found = load()
    assert found.embedded and not found.production
    assert revealed(found.alpha_vantage_api_key) == "demo"
    assert found.fx_sources == ("files", "ecb", "alpha_vantage")
    assert found.api_anonymous_read is True
    assert found.fx_pegs is False
    assert found.jwt_secret_key is None


def test_values_are_parsed_to_their_types(load: Load) -> None:
    found = load(
        API_PORT="8080", FX_PEGS="yes", ALPHA_VANTAGE_TIMEOUT="2.5", FX_SOURCES="ecb, files", LOG_LEVEL="warning",
        STATEMENT_TIMEOUT="7",
    )  # fmt: skip
    assert found.api_port == 8080
    assert found.fx_pegs is True
    assert found.alpha_vantage_timeout == Decimal("2.5")
    assert found.fx_sources == ("ecb", "files")
    assert found.log_level == "WARNING"
    assert found.statement_timeout == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_PORT", "eight"), ("API_PORT", "0"), ("API_PORT", "65536"), ("API_PORT", "-1"), ("API_PORT", "1.5"),
        ("DEBUG", "maybe"), ("ENVIRONMENT", "prodigy"), ("LOG_FORMAT", "xml"), ("ALPHA_VANTAGE_TIMEOUT", "NaN"),
        ("ALPHA_VANTAGE_TIMEOUT", "-3"), ("ALPHA_VANTAGE_TIMEOUT", "soon"), ("FX_SOURCES", "ecb,,files"),
        ("FX_SOURCES", "ecb,ecb"), ("ECB_BASE_URL", "ftp://ecb"), ("JWT_ALGORITHM", "HS1"),
        ("CORS_ORIGINS", "my.site"), ("CORS_ORIGINS", "https://my.site/path"), ("ALLOWED_HOSTS", "http://x"),
        ("ALLOWED_HOSTS", "a b"), ("TRUSTED_PROXIES", "10.0.0.0/99"), ("TRUSTED_PROXIES", "proxy.example"),
        ("HSTS_SECONDS", "-1"), ("JWT_REFRESH_EXPIRE_DAYS", "0"),
        ("DATABASE_URL", "mysql://u:p@h/d"), ("REDIS_URL", "http://h"), ("DATABASE_READ_URL", "replica"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_and_not_shown(load: Load, name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load(**{name: value})
    assert name in str(refused.value)
    assert len(value) < 3 or value not in str(refused.value)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)


def test_an_empty_value_counts_as_not_set(load: Load) -> None:
    assert load(DATABASE_URL="", API_PORT="").embedded


def test_each_setting_is_declared_with_words_for_its_documentation() -> None:
    for one in SETTINGS:
        assert one.help and one.kind, one.name
    fields = [field.name for field in dataclasses.fields(Settings)]
    assert (
        sorted(one.name.lower() for one in SETTINGS) == sorted(fields) and SETTINGS[0].name == "ENVIRONMENT"
    )


def test_every_name_that_holds_a_secret_is_declared_secret() -> None:
    looks = re.compile(r"PASSWORD|SECRET|API_KEY|S3_KEY|CIPHER_PASS|PREVIOUS_KEYS|(DATABASE|READ|REDIS)_URL$")
    assert {one.name for one in SETTINGS if looks.search(one.name)} == {
        one.name for one in SETTINGS if one.secret
    }


def test_the_shown_default_is_the_default(load: Load) -> None:
    """What documentation prints, given back as the value, changes nothing; words in its place name no value."""
    worded = {"DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL", "TICKER_CONVERTER_HOME", "API_ANONYMOUS_READ"}
    worded |= {"ALLOWED_HOSTS", "CORS_ORIGINS", "TRUSTED_PROXIES", "RATE_LIMIT_REQUESTS", "BACKUP_SCRATCH"}
    shown = {one.name: one.default for one in SETTINGS if one.default and one.name not in worded}
    assert load(**shown) == load()


# ---- secrets do not show ----


def test_a_secret_shows_itself_only_when_asked(load: Load) -> None:
    found = load(JWT_SECRET_KEY=KEY, DATABASE_URL=f"postgresql://u:{KEY}@h/d")
    for shown in (
        repr(found),
        str(found.jwt_secret_key),
        f"{found.jwt_secret_key}",
        repr(found.database_url),
    ):
        assert KEY not in shown
    assert revealed(found.jwt_secret_key) == KEY


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=30))
def test_no_message_shows_the_password_of_a_url(password: str) -> None:
    """Bare in the URL, it is either read as exactly this password or refused without being shown."""
    try:
        found = settings.load(
            {"DATABASE_URL": f"postgresql://user:{password}@host.invalid/name", "HOME": "/nowhere"}
        )
    except BadSetting as refused:
        if not re.fullmatch(r"[ a-z/@#%.,:?$0-9A-Z]{6,}", password):
            assert password not in str(refused)
    else:
        assert unquote(urlsplit(revealed(found.database_url)).password or "") == unquote(password)
        assert conninfo_to_dict(revealed(found.database_url))["host"] == "host.invalid"


# ---- the file ----


def test_the_environment_wins_over_the_file(load: Load, env_file: Callable[[str], str]) -> None:
    path = env_file("API_PORT=1111\nAPI_HOST=from-file\n")
    found = load(ENV_FILE=path, API_PORT="2222")
    assert (found.api_port, found.api_host) == (2222, "from-file")


def test_without_env_file_the_homes_dotenv_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("API_PORT=3333\n")
    assert settings.load({"TICKER_CONVERTER_HOME": str(tmp_path)}).api_port == 3333
    assert settings.load({"TICKER_CONVERTER_HOME": str(tmp_path / "other")}).api_port == 8000


def test_an_env_file_that_is_named_and_missing_is_refused(load: Load, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="ENV_FILE .*No such file"):
        load(ENV_FILE=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("API_HOST=plain", "plain"), ("export API_HOST=plain", "plain"), ("API_HOST = spaced ", "spaced"),
        ('API_HOST="0 2 * * *"', "0 2 * * *"), ("API_HOST='a \"b\"'", 'a "b"'), ('API_HOST="a\\"b\\\\c"', 'a"b\\c'),
        ("API_HOST=plain # why", "plain"), ("API_HOST=a#b", "a#b"), ('API_HOST="a # b" # why', "a # b"),
        ("API_HOST=$5.00", "$5.00"), ("API_HOST=1\nAPI_HOST=2", "2"),
        ("API_HOST=dos\r", "dos"),
    ],
)  # fmt: skip
def test_a_line_is_read_as_other_programs_read_it(
    load: Load, env_file: Callable[[str], str], line: str, value: str
) -> None:
    assert load(ENV_FILE=env_file(f"# comment\n\n{line}\n")).api_host == value


def test_a_file_saved_with_a_byte_order_mark_is_read(load: Load, env_file: Callable[[str], str]) -> None:
    assert load(ENV_FILE=env_file("\ufeffAPI_HOST=bom\n")).api_host == "bom"


@pytest.mark.parametrize("line", ["no equals sign", 'API_HOST="open', "1X=2"])
def test_a_line_that_cannot_be_read_is_refused_by_number(
    load: Load, env_file: Callable[[str], str], line: str
) -> None:
    with pytest.raises(BadSetting, match="line 2"):
        load(ENV_FILE=env_file(f"API_PORT=1\n{line}\n"))


def test_a_password_that_two_programs_would_cut_differently_is_refused(
    load: Load, env_file: Callable[[str], str]
) -> None:
    with pytest.raises(BadSetting, match="POSTGRES_PASSWORD has a # after a space"):
        load(ENV_FILE=env_file("POSTGRES_PASSWORD=ab #cd\n"))


# ---- ${NAME} ----


def test_a_password_with_every_special_sign_survives_interpolation_into_a_url(
    load: Load, env_file: Callable[[str], str]
) -> None:
    path = env_file("DATABASE_URL=postgresql://ticker_user:${DB_PASSWORD}@db:5432/ticker_converter\n")
    found = conninfo_to_dict(revealed(load(ENV_FILE=path, DB_PASSWORD=NASTY).database_url))
    assert (found["host"], found["user"], found["password"]) == ("db", "ticker_user", NASTY)


def test_outside_a_url_the_text_goes_in_as_it_is(load: Load, env_file: Callable[[str], str]) -> None:
    path = env_file("POSTGRES_HOST=db\nPOSTGRES_PASSWORD=${DB_PASSWORD}\n")
    found = load(ENV_FILE=path, DB_PASSWORD=NASTY)
    assert revealed(found.postgres_password) == NASTY
    assert conninfo_to_dict(revealed(found.database_url))["password"] == NASTY


@pytest.mark.parametrize("place", ["environment", "NAME_FILE", "credentials", "file"])
def test_a_name_is_looked_up_in_each_place(
    load: Load, env_file: Callable[[str], str], tmp_path: Path, place: str
) -> None:
    (tmp_path / "credentials").mkdir()
    outside = {}
    text = "POSTGRES_HOST=db\nPOSTGRES_PASSWORD=${DB_PASSWORD}\n"
    if place == "environment":
        outside["DB_PASSWORD"] = NASTY
    elif place == "NAME_FILE":
        (tmp_path / "secret").write_text(NASTY + "\n")
        outside["DB_PASSWORD_FILE"] = str(tmp_path / "secret")
    elif place == "credentials":
        (tmp_path / "credentials" / "DB_PASSWORD").write_text(NASTY)
        outside["CREDENTIALS_DIRECTORY"] = str(tmp_path / "credentials")
    else:
        text += "DB_PASSWORD='" + NASTY.replace("'", "") + "'\n"
    expected = NASTY.replace("'", "") if place == "file" else NASTY
    assert revealed(load(ENV_FILE=env_file(text), **outside).postgres_password) == expected


def test_the_places_are_tried_in_their_order(
    load: Load, env_file: Callable[[str], str], tmp_path: Path
) -> None:
    path = env_file("JWT_SECRET_KEY=four\n")
    (tmp_path / "two").write_text("two")
    (tmp_path / "JWT_SECRET_KEY").write_text("three")
    outside = {"ENV_FILE": path, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert revealed(load(ENV_FILE=path).jwt_secret_key) == "four"
    assert revealed(load(**outside).jwt_secret_key) == "three"
    outside["JWT_SECRET_KEY_FILE"] = str(tmp_path / "two")
    assert revealed(load(**outside).jwt_secret_key) == "two"
    outside["JWT_SECRET_KEY"] = "one"
    assert revealed(load(**outside).jwt_secret_key) == "one"


@pytest.mark.parametrize("literal_in_environment", [False, True])
def test_a_self_reference_means_from_outside(
    load: Load, env_file: Callable[[str], str], tmp_path: Path, literal_in_environment: bool
) -> None:
    """Also under systemd, which passes `${JWT_SECRET_KEY}` on as these very letters."""
    path = env_file("JWT_SECRET_KEY=${JWT_SECRET_KEY}\n")
    literal = {"JWT_SECRET_KEY": "${JWT_SECRET_KEY}"} if literal_in_environment else {}
    with pytest.raises(BadSetting, match="JWT_SECRET_KEY"):
        load(ENV_FILE=path, **literal)
    (tmp_path / "JWT_SECRET_KEY").write_text(KEY)
    found = load(ENV_FILE=path, CREDENTIALS_DIRECTORY=str(tmp_path), **literal)
    assert revealed(found.jwt_secret_key) == KEY
    if not literal:
        assert revealed(load(ENV_FILE=path, JWT_SECRET_KEY=KEY).jwt_secret_key) == KEY


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("DATABASE_URL=postgresql://u:${DB_PASSWORD}@h/d", "DB_PASSWORD"),
        ("JWT_SECRET_KEY=${A}\nA=${B}\nB=${A}", "A -> B -> A"),
        ("JWT_SECRET_KEY=${A}\nA=", "A"),
        ("JWT_SECRET_KEY=${A:-default}", "JWT_SECRET_KEY"),
        ("JWT_SECRET_KEY='${A}'", "JWT_SECRET_KEY"),
        ("JWT_SECRET_KEY=${A", "JWT_SECRET_KEY"),
    ],
)
def test_an_interpolation_that_leads_nowhere_is_refused_by_name(
    load: Load, env_file: Callable[[str], str], text: str, named: str
) -> None:
    with pytest.raises(BadSetting) as refused:
        load(ENV_FILE=env_file(text + "\n"))
    assert named in str(refused.value)


def test_an_unresolved_name_that_no_setting_of_ours_needs_is_no_obstacle(
    load: Load, env_file: Callable[[str], str]
) -> None:
    assert (
        load(ENV_FILE=env_file("AIRFLOW__CORE__FERNET_KEY=${AIRFLOW_FERNET_KEY}\nAPI_PORT=1234\n")).api_port
        == 1234
    )


def test_an_empty_or_missing_secret_file_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("empty", "none"):
        with pytest.raises(BadSetting, match="JWT_SECRET_KEY_FILE"):
            load(JWT_SECRET_KEY_FILE=str(tmp_path / name))


# ---- X_URL and X_HOST ----


def test_the_parts_make_the_url(load: Load) -> None:
    found = load(
        POSTGRES_HOST="db",
        POSTGRES_PORT="6543",
        POSTGRES_DB="d b",
        POSTGRES_USER="u@v",
        POSTGRES_PASSWORD=NASTY,
    )
    parts = conninfo_to_dict(revealed(found.database_url))
    assert parts == {"host": "db", "port": "6543", "dbname": "d b", "user": "u@v", "password": NASTY}
    assert not found.embedded
    redis = revealed(load(REDIS_HOST="cache", REDIS_PASSWORD=NASTY, REDIS_DB="3").redis_url)
    assert (urlsplit(redis).hostname, urlsplit(redis).path, unquote(urlsplit(redis).password or "")) == (
        "cache",
        "/3",
        NASTY,
    )


@pytest.mark.parametrize("host", ["/var/run/postgresql", "::1"])
def test_a_socket_folder_and_an_ipv6_address_are_hosts(load: Load, host: str) -> None:
    assert conninfo_to_dict(revealed(load(POSTGRES_HOST=host).database_url))["host"] == host


def test_a_url_and_its_parts_that_agree_are_accepted(load: Load) -> None:
    url = "postgresql://ticker_user:a%2Fb@db:5432/ticker_converter"
    parts = {"HOST": "db", "PORT": "5432", "DB": "ticker_converter", "USER": "ticker_user", "PASSWORD": "a/b"}
    found = load(DATABASE_URL=url, **{f"POSTGRES_{name}": value for name, value in parts.items()})
    assert revealed(found.database_url) == url


@pytest.mark.parametrize(
    ("name", "value"),
    [("POSTGRES_HOST", "other"), ("POSTGRES_PORT", "5433"), ("POSTGRES_DB", "x"), ("POSTGRES_USER", "x"),
     ("POSTGRES_PASSWORD", "x"), ("REDIS_HOST", "other"), ("REDIS_PORT", "6380"), ("REDIS_DB", "1")],
)  # fmt: skip
def test_a_url_and_a_part_that_contradict_each_other_are_refused(load: Load, name: str, value: str) -> None:
    urls = {
        "DATABASE_URL": "postgresql://ticker_user:p@db/ticker_converter",
        "REDIS_URL": "redis://redis:6379/0",
    }
    with pytest.raises(BadSetting, match=f"_URL and {name} contradict"):
        load(**urls, **{name: value})


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:a/b@c#d@db/x", "postgresql://u:a@b@db/x", "postgresql://u:50%@db/x", "postgresql://u:a b@db/x",
     "postgresql://u:p@db:port/x", "postgresql://u:a/b@db/x", "postgresql://u:1?@db/x"],
)  # fmt: skip
def test_a_url_that_would_parse_as_something_else_is_refused(load: Load, url: str) -> None:
    with pytest.raises(BadSetting, match="DATABASE_URL") as refused:
        load(DATABASE_URL=url)
    assert url not in str(refused.value)


# ---- production ----


def test_production_starts_with_real_secrets(load: Load) -> None:
    found = load(**PRODUCTION)
    assert found.production
    assert found.api_anonymous_read is False


@pytest.mark.parametrize("name", ["DATABASE_URL", "JWT_SECRET_KEY", "ALPHA_VANTAGE_API_KEY"])
def test_production_refuses_a_missing_secret_by_name(load: Load, name: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} \\(missing\\)"):
        load(**{key: value for key, value in PRODUCTION.items() if key != name})


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "CHANGE_ME",
        "your-secret-key",
        "secret",
        "password",
        "<key>",
        "xxxxxxxx",
        "super secret jwt secret",
    ],
)
def test_production_refuses_a_placeholder_by_name_and_a_laptop_does_not(load: Load, value: str) -> None:
    given = PRODUCTION | {"JWT_SECRET_KEY": value}
    with pytest.raises(BadSetting, match="JWT_SECRET_KEY") as refused:
        load(**given)
    assert value not in str(refused.value).replace("JWT_SECRET_KEY", "")
    assert load(**given | {"ENVIRONMENT": "development"}).jwt_secret_key is not None


def test_production_names_everything_that_is_wrong_at_once(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("DEBUG=true\n")
    path.chmod(0o644)
    with pytest.raises(BadSetting) as refused:
        load(
            ENVIRONMENT="production", ENV_FILE=str(path), DATABASE_URL="postgresql://u:password@db/x",
            ALPHA_VANTAGE_API_KEY="demo", JWT_SECRET_KEY="kZ8-short",
        )  # fmt: skip
    for words in (
        "DEBUG (", "ENV_FILE (", "DATABASE_URL (a placeholder)", "ALPHA_VANTAGE_API_KEY (a placeholder)",
        "JWT_SECRET_KEY (shorter than 32 bytes)",
    ):  # fmt: skip
        assert words in str(refused.value)


def test_production_takes_its_secrets_from_files(load: Load, tmp_path: Path) -> None:
    files = {}
    for name, value in PRODUCTION.items():
        if name != "ENVIRONMENT":
            (tmp_path / name).write_text(value + "\n")
            files[f"{name}_FILE"] = str(tmp_path / name)
    found = load(ENVIRONMENT="production", **files)
    assert revealed(found.database_url) == PRODUCTION["DATABASE_URL"]


# ---- the seed's file ----

SEED = """\
ENVIRONMENT=production
DEBUG=false
LOG_LEVEL=INFO
LOG_FORMAT=json
DATABASE_URL=postgresql://ticker_user:${DB_PASSWORD}@db:5432/ticker_converter
POSTGRES_HOST=db
POSTGRES_PORT=5432
POSTGRES_DB=ticker_converter
POSTGRES_USER=ticker_user
POSTGRES_PASSWORD=${DB_PASSWORD}
DATABASE_READ_URL=postgresql://ticker_reader:${DB_READ_PASSWORD}@db-replica:5432/ticker_converter
REDIS_URL=redis://redis:6379/0
REDIS_HOST=redis
REDIS_PORT=6379
REDIS_DB=0
ALPHA_VANTAGE_API_KEY=${ALPHA_VANTAGE_API_KEY}
ALPHA_VANTAGE_RATE_LIMIT=5
ALPHA_VANTAGE_TIMEOUT=30
AIRFLOW__CORE__FERNET_KEY=${AIRFLOW_FERNET_KEY}
JWT_SECRET_KEY=${JWT_SECRET_KEY}
JWT_ALGORITHM=HS256
BACKUP_SCHEDULE="0 2 * * *"
"""


def test_the_production_file_with_its_secrets_outside_is_understood(
    load: Load, env_file: Callable[[str], str]
) -> None:
    found = load(
        ENV_FILE=env_file(SEED), DB_PASSWORD=NASTY, DB_READ_PASSWORD=NASTY[::-1], JWT_SECRET_KEY=KEY,
        ALPHA_VANTAGE_API_KEY="WX7PQ2LM9KD4ZR1T",
    )  # fmt: skip
    primary, replica = (
        conninfo_to_dict(revealed(url)) for url in (found.database_url, found.database_read_url)
    )
    assert (primary["host"], primary["password"]) == ("db", NASTY)
    assert (replica["host"], replica["user"], replica["password"]) == (
        "db-replica",
        "ticker_reader",
        NASTY[::-1],
    )
    assert found.provider_settings("alpha_vantage")["per_minute"] == 5


# ---- providers, home ----


def test_a_provider_gets_its_own_settings_only(load: Load) -> None:
    found = load(
        ALPHA_VANTAGE_API_KEY="K",
        ALPHA_VANTAGE_BURST="2",
        ALPHA_VANTAGE_DAILY_LIMIT="500",
        ECB_BASE_URL="http://e/",
    )
    assert found.provider_settings("alpha_vantage") == {
        "api_key": "K", "api_keys": ("K",), "base_url": "https://www.alphavantage.co/query", "timeout": 30.0,
        "per_second": 2, "per_minute": 5, "per_day": 500,
    }  # fmt: skip
    assert found.provider_settings("ecb") == {"base_url": "http://e"}
    assert found.provider_settings("files") == {}


def test_several_keys_are_parted_by_commas_and_each_counts_once(load: Load) -> None:
    given = load(ALPHA_VANTAGE_API_KEY=" K1, K2,,K1 ").provider_settings("alpha_vantage")
    assert (given["api_key"], given["api_keys"]) == ("K1", ("K1", "K2"))


def test_production_refuses_a_placeholder_among_several_keys(load: Load) -> None:
    with pytest.raises(BadSetting, match="ALPHA_VANTAGE_API_KEY .a placeholder"):
        load(ENVIRONMENT="production", ALPHA_VANTAGE_API_KEY="WX7PQ2LM9KD4ZR1T,demo")


@pytest.mark.parametrize(
    ("environ", "home"),
    [
        ({"HOME": "/u"}, "/u/.local/share/ticker-converter"),
        ({"HOME": "/u", "XDG_DATA_HOME": "/data"}, "/data/ticker-converter"),
        ({"HOME": "/u", "XDG_DATA_HOME": "relative"}, "/u/.local/share/ticker-converter"),
        ({"HOME": "/u", "TICKER_CONVERTER_HOME": "/elsewhere"}, "/elsewhere"),
    ],
)
@pytest.mark.skipif(os.uname().sysname != "Linux", reason="macOS has other folders")
def test_the_home_of_an_ordinary_user(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], home: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert settings.load(environ).ticker_converter_home == Path(home)


def test_the_home_of_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert settings.load({"HOME": "/root"}).ticker_converter_home == Path("/var/lib/ticker-converter")
