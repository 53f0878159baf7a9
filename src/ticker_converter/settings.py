"""The only reader of the environment.

    load(environ: Mapping[str, str] | None = None) -> Settings        raises BadSetting, exit 2
    Settings.provider_settings(name: str) -> Mapping[str, object]     what a provider is made with
    SETTINGS: tuple[Declared, ...]                                    name, kind, default, help, secret
    lookup_in(environ) -> Lookup                                      the texts behind them, and any other name

Each setting is declared once, as a field of `Settings`; documentation and env.example are made from SETTINGS. A
value is looked up in the process environment, then for secrets in the file that NAME_FILE names and in
$CREDENTIALS_DIRECTORY/NAME, then in ENV_FILE (else TICKER_CONVERTER_HOME/.env). An empty value counts as not set.

It refuses to guess: a `${NAME}` that leads nowhere, a URL that would parse as another host than the one meant, a
`X_URL` that contradicts `X_HOST`. It never puts a value into a message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ticker_converter import setting_kinds as kinds
from ticker_converter.envfile import Lookup
from ticker_converter.errors import BadSetting
from ticker_converter.secret import Secret, is_placeholder
from ticker_converter.serverurl import Address, address, joined
from ticker_converter.setting_recovery import Recovery

__all__ = ["SETTINGS", "Declared", "Secret", "Settings", "load", "lookup_in"]

ROOT_HOME = kinds.ROOT_HOME

_setting = kinds.setting
_base = kinds.base
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_PORT = kinds.whole(1, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Recovery):
    """All settings, parsed. A secret is a `Secret`; what is not set and has no default is None."""

    environment: str = _setting(
        "where this runs; production refuses missing and placeholder secrets", "development",
        kinds.one_of("development", "test", "staging", "production"), kind="word",
    )  # fmt: skip
    debug: bool = _setting(
        "more detail in logs; refused in production", False, kinds.boolean, kind="true or false"
    )
    log_level: str = _setting("least severity that is logged", "INFO", kinds.one_of(*_LEVELS), kind="word")
    log_format: str = _setting(
        "json: an object a line; or text", "text", kinds.one_of("json", "text"), kind="word"
    )
    ticker_converter_home: Path = _setting(
        "folder of the embedded PostgreSQL and of .env", Path(), kinds.folder, kind="folder",
        shown="~/.local/share/ticker-converter; as root /var/lib/ticker-converter",
    )  # fmt: skip

    database_url: Secret | None = _setting(
        "the primary, postgresql://user:password@host:5432/name; without it and without POSTGRES_HOST an embedded "
        "PostgreSQL is started", kind="URL", secret=True, required=True, shown="embedded",
    )  # fmt: skip
    postgres_host: str | None = _setting("the primary's host, in place of DATABASE_URL")
    postgres_port: int = _setting("the primary's port", 5432, _PORT, kind="number")
    postgres_db: str = _setting("the database's name", "ticker_converter")
    postgres_user: str = _setting("the login role", "ticker_user")
    postgres_password: Secret | None = _setting("the login role's password", secret=True)
    database_read_url: Secret | None = _setting(
        "a streaming replica for reads; the primary answers when it does not", kind="URL", secret=True,
        shown="the primary",
    )  # fmt: skip
    replica_max_lag_seconds: int = _setting(
        "how far behind the primary a replica may be and still be read from",
        30,
        kinds.whole(0, 86400),
        kind="seconds",
    )
    db_pool_size: int = _setting("connections kept per process", 4, kinds.whole(1, 1000), kind="number")
    statement_timeout: int = _setting(
        "seconds a statement may run; 0: no limit", 0, kinds.whole(0, 86400), kind="seconds"
    )

    redis_url: Secret | None = _setting(
        "response cache and rate limits, redis://:password@host:6379/0; the service works without", kind="URL",
        secret=True, shown="none",
    )  # fmt: skip
    redis_host: str | None = _setting("the cache's host, in place of REDIS_URL")
    redis_port: int = _setting("the cache's port", 6379, _PORT, kind="number")
    redis_db: int = _setting("the cache's database number", 0, kinds.whole(0, 1000), kind="number")
    redis_password: Secret | None = _setting("the cache's password", secret=True)

    alpha_vantage_api_key: Secret = _setting(
        "Alpha Vantage's key, or several parted by commas; their public key demo answers for IBM alone",
        Secret("demo"), secret=True, required=True, shown="demo",
    )  # fmt: skip
    alpha_vantage_rate_limit: int = _setting("calls a minute", 5, kinds.whole(1), kind="number")
    alpha_vantage_burst: int = _setting("calls a second", 1, kinds.whole(1), kind="number")
    alpha_vantage_daily_limit: int = _setting("calls a day", 25, kinds.whole(0), kind="number")
    alpha_vantage_timeout: Decimal = _setting(
        "seconds to wait for an answer", Decimal(30), kinds.seconds, kind="seconds"
    )
    alpha_vantage_base_url: str = _setting(
        "where Alpha Vantage answers", "https://www.alphavantage.co/query", kinds.web_address, kind="URL"
    )
    ecb_base_url: str = _setting(
        "folder of the European Central Bank's eurofxref files; its data portal where it ends in /service/data",
        "https://www.ecb.europa.eu/stats/eurofxref",
        kinds.web_address, kind="URL",
    )  # fmt: skip
    boe_base_url: str = _base(
        "the Bank of England's statistical database answers",
        "https://www.bankofengland.co.uk/boeapps/database/_iadb-fromshowcolumns.asp",
    )
    boc_base_url: str = _base(
        "the Bank of Canada's Valet service answers", "https://www.bankofcanada.ca/valet"
    )
    norges_bank_base_url: str = _base("Norges Bank's data service answers", "https://data.norges-bank.no/api")
    cnb_base_url: str = _base("the Czech National Bank's service answers", "https://api.cnb.cz/cnbapi")
    nbp_base_url: str = _base("Narodowy Bank Polski's service answers", "https://api.nbp.pl/api")
    rba_base_url: str = _base(
        "the Reserve Bank of Australia's csv tables are", "https://www.rba.gov.au/statistics/tables/csv"
    )
    frankfurter_base_url: str = _base(
        "Frankfurter answers: theirs, or one of your own", "https://api.frankfurter.dev/v1"
    )
    tiingo_api_key: Secret | None = kinds.key("Tiingo's")
    tiingo_base_url: str = _base("Tiingo answers", "https://api.tiingo.com")
    polygon_api_key: Secret | None = kinds.key("Massive's (formerly Polygon's)")
    polygon_base_url: str = _base("Massive answers", "https://api.massive.com")
    twelve_data_api_key: Secret | None = kinds.key("Twelve Data's")
    twelve_data_base_url: str = _base("Twelve Data answers", "https://api.twelvedata.com")
    eodhd_api_key: Secret | None = kinds.key("EODHD's")
    eodhd_base_url: str = _base("EODHD answers", "https://eodhd.com/api")
    fmp_api_key: Secret | None = kinds.key("Financial Modeling Prep's")
    fmp_base_url: str = _base("Financial Modeling Prep answers", "https://financialmodelingprep.com/stable")
    stooq_api_key: Secret | None = kinds.key("Stooq's")
    stooq_base_url: str = _base("Stooq answers", "https://stooq.com")
    yahoo_base_url: str = _base("Yahoo's chart interface answers", "https://query1.finance.yahoo.com")
    unofficial_sources: tuple[str, ...] = _setting(
        "sources without a documented interface that may be asked, such as yahoo,stooq; read their terms first", (),
        kinds.names, kind="list", shown="",
    )  # fmt: skip
    fx_sources: tuple[str, ...] = _setting(
        "sources of exchange rates, first asked first", ("files", "ecb", "alpha_vantage"), kinds.names, kind="list",
        shown="files,ecb,alpha_vantage",
    )  # fmt: skip
    fx_pegs: bool = _setting("use a peg when no source answers", False, kinds.boolean, kind="true or false")

    api_host: str = _setting("address the API listens on", "127.0.0.1")
    api_port: int = _setting("port the API listens on", 8000, _PORT, kind="number")
    api_workers: int = _setting("worker processes of the API", 2, kinds.whole(1, 256), kind="number")
    api_max_requests: int = _setting(
        "requests after which a worker is replaced; 0: never", 0, kinds.whole(0), kind="number"
    )
    api_max_requests_jitter: int = _setting("spread of API_MAX_REQUESTS", 50, kinds.whole(0), kind="number")
    api_timeout: int = _setting(
        "seconds until a request's first byte", 30, kinds.whole(1, 3600), kind="seconds"
    )
    api_anonymous_read: bool = _setting(
        "whether reading needs no key",
        True,
        kinds.boolean,
        kind="true or false",
        shown="true; in production false",
    )
    jwt_secret_key: Secret | None = _setting(
        "signs tokens; 32 random bytes or more", secret=True, required=True
    )
    jwt_algorithm: str = _setting("of tokens", "HS256", kinds.one_of("HS256", "HS384", "HS512"), kind="word")
    jwt_access_token_expire_minutes: int = _setting(
        "life of a token", 30, kinds.whole(1, 1440), kind="minutes"
    )
    jwt_previous_keys: Secret | None = _setting(
        "former JWT_SECRET_KEYs, with commas between them: tokens they signed are good until they expire",
        secret=True,
    )
    jwt_refresh_expire_days: int = _setting("life of a refresh token", 30, kinds.whole(1, 365), kind="days")
    cors_origins: tuple[str, ...] = _setting(
        "other sites whose pages may read the API, such as https://app.example; * is every site", (),
        kinds.words(kinds.is_origin, "origins such as https://app.example"), kind="list", shown="none",
    )  # fmt: skip
    allowed_hosts: tuple[str, ...] = _setting(
        "Host names that are answered, such as prices.example or *.example; others get 421", (),
        kinds.words(kinds.is_host, "host names such as prices.example"), kind="list",
        shown="PUBLIC_HOST; without it this machine's own names while API_HOST is loopback, else every name",
    )  # fmt: skip
    public_host: str | None = _setting("the name under which the service is reached", None, str.lower)
    trusted_proxies: tuple[str, ...] = _setting(
        "addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed", (),
        kinds.words(kinds.is_network, "addresses or networks such as 10.0.0.0/8"), kind="list", shown="none",
    )  # fmt: skip
    hsts_seconds: int = _setting(
        "how long browsers are told to use TLS alone; said over TLS only, 0: never", 300, kinds.whole(0, 63_072_000),
        kind="seconds",
    )  # fmt: skip
    enable_metrics: bool = _setting(
        "listen on METRICS_PORT for Prometheus", True, kinds.boolean, kind="true or false"
    )
    metrics_host: str = _setting("address /metrics listens on: loopback or a monitoring network", "127.0.0.1")
    metrics_port: int = _setting("port of /metrics", 9090, _PORT, kind="number")
    health_check_interval: int = _setting(
        "between probes of replica, cache", 30, kinds.whole(1, 3600), kind="seconds"
    )
    rate_limit_requests: int = _setting(
        "requests a caller may make per window; 0: no limit", 100, kinds.whole(0, 1_000_000_000), kind="number",
        shown="0; in production 100",
    )  # fmt: skip
    rate_limit_window: int = _setting("seconds of that window", 60, kinds.whole(1, 86400), kind="seconds")

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def embedded(self) -> bool:
        """Whether the embedded PostgreSQL serves: no DATABASE_URL and no POSTGRES_HOST."""
        return self.database_url is None

    def provider_settings(self, name: str) -> Mapping[str, object]:
        """What the provider of that name is made with: the settings that begin with its name. api_keys (all of a
        comma-separated NAME_API_KEY) and api_key (the first), base_url, timeout (seconds, float), per_second (BURST),
        per_minute (RATE_LIMIT), per_hour, per_day and per_month (HOURLY_, DAILY_, MONTHLY_LIMIT), `enabled` for one
        that UNOFFICIAL_SOURCES names. What is not set is absent."""
        found: dict[str, object] = {}
        for ending, word in _PROVIDER_WORDS.items():
            value = getattr(self, f"{name}_{ending}", None)
            if value is not None:
                found[word] = float(value) if isinstance(value, Decimal) else value
        if isinstance(key := getattr(self, f"{name}_api_key", None), Secret):
            keys = tuple(dict.fromkeys(part.strip() for part in key.reveal().split(",") if part.strip()))
            found |= {"api_key": keys[0] if keys else "", "api_keys": keys}
        if name in self.unofficial_sources:
            found["enabled"] = True
        return found


#: Endings of a provider's settings, and what the provider is told them as.
_PROVIDER_WORDS = {
    "base_url": "base_url", "timeout": "timeout", "burst": "per_second", "rate_limit": "per_minute",
    "hourly_limit": "per_hour", "daily_limit": "per_day", "monthly_limit": "per_month",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting as documentation shows it."""

    name: str
    kind: str
    default: str
    help: str
    secret: bool
    required: bool
    "Whether production refuses to start without it."


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


SETTINGS: tuple[Declared, ...] = tuple(
    Declared(
        name=one.name.upper(),
        kind=one.metadata["kind"],
        default=_shown(one.default) if one.metadata["shown"] is None else one.metadata["shown"],
        help=one.metadata["help"],
        secret=one.metadata["secret"],
        required=one.metadata["required"],
    )
    for one in sorted(fields(Settings), key=lambda one: one.name in Recovery.__dataclass_fields__)
)
_SECRETS = frozenset(one.name for one in SETTINGS if one.secret)


def files(environ: Mapping[str, str] | None = None) -> dict[str, Path]:
    """The files that settings come from, by name: ENV_FILE (or the home's .env) and every NAME_FILE of a secret."""
    outside = os.environ if environ is None else environ
    lookup = lookup_in(outside)
    named = {f"{name}_FILE": lookup.file_of(name) for name in sorted(_SECRETS)}
    return {name: path for name, path in {"ENV_FILE": lookup.path, **named}.items() if path is not None}


def lookup_in(environ: Mapping[str, str]) -> Lookup:
    """The places that `load` looks in, for those who hand values on."""
    return Lookup.of(environ, kinds.home(environ) / ".env", _SECRETS)


def load(
    environ: Mapping[str, str] | None = None, beneath: Mapping[str, str] = MappingProxyType({})
) -> Settings:
    """All settings from the environment (`os.environ` when None) and its file, then from `beneath`, where a caller has
    another store of secrets; BadSetting names what is wrong."""
    outside = os.environ if environ is None else environ
    lookup = lookup_in(outside)
    values: dict[str, Any] = {}
    for one in fields(Settings):
        name = one.name.upper()
        text = lookup.get(name) or beneath.get(name)
        if text is None:
            continue
        try:
            value = one.metadata["parse"](text)
        except kinds.Wrong as wrong:
            raise BadSetting(f"{name} {wrong}") from None
        values[one.name] = Secret(value) if one.metadata["secret"] else value
    values.setdefault("ticker_converter_home", kinds.default_home(outside))
    production = values.get("environment") == "production"
    values.setdefault("api_anonymous_read", not production)
    values.setdefault("rate_limit_requests", 100 if production else 0)
    _one_server(values, "DATABASE_URL", "POSTGRES", ("postgresql", "postgres"), 5432)
    _one_server(values, "REDIS_URL", "REDIS", ("redis", "rediss"), 6379)
    if "database_read_url" in values:
        address("DATABASE_READ_URL", values["database_read_url"].reveal(), ("postgresql", "postgres"))
    settings = Settings(**values)
    if production:
        _refuse_in_production(settings, values, lookup)
    return settings


def _one_server(values: dict[str, Any], url: str, prefix: str, schemes: tuple[str, ...], port: int) -> None:
    """Make `X_URL` and `X_HOST…` one address, held in `X_URL`."""
    key = prefix.lower()
    apart = Address(
        user=values.get(f"{key}_user"),
        password=values[f"{key}_password"].reveal() if f"{key}_password" in values else None,
        host=values.get(f"{key}_host"),
        port=values.get(f"{key}_port"),
        name=values[f"{key}_db"] if key == "postgres" and "postgres_db" in values else None,
    )
    if key == "redis" and "redis_db" in values:
        apart = Address(apart.user, apart.password, apart.host, apart.port, str(values["redis_db"]))
    field_name = url.lower()
    if field_name in values:
        text = values[field_name].reveal()
        stated = address(url, text, schemes)
        for part, ours, theirs in (
            ("USER", apart.user, stated.user),
            ("PASSWORD", apart.password, stated.password),
            ("HOST", apart.host, stated.host),
            ("PORT", apart.port, stated.port or port),
            ("DB", apart.name, stated.name),
        ):
            if ours is not None and theirs is not None and ours != theirs:
                raise BadSetting(f"{url} and {prefix}_{part} contradict each other: remove one of them")
        if stated.password is None and apart.password is not None:
            values[field_name] = Secret(joined(text, apart.password))
    elif apart.host is not None:
        user = (apart.user or "ticker_user") if key == "postgres" else apart.user
        name = apart.name or ("ticker_converter" if key == "postgres" else "0")
        whole = Address(user, apart.password, apart.host, apart.port or port, name)
        values[field_name] = Secret(whole.url(schemes[0]))


def _refuse_in_production(settings: Settings, given: Mapping[str, Any], lookup: Lookup) -> None:
    """Raise one BadSetting that names all that production may not start with."""
    wrong = []
    if settings.debug:
        wrong.append("DEBUG (must be false)")
    if (path := lookup.path) is not None and path.stat().st_mode & 0o077:
        wrong.append("ENV_FILE (readable by others: chmod 600)")
    for one in SETTINGS:
        if not one.secret:
            continue
        value = given.get(one.name.lower())
        if value is None:
            if one.required:
                wrong.append(f"{one.name} (missing)")
            continue
        text: str | None = value.reveal()
        if one.kind == "URL":
            text = address(one.name, value.reveal(), None).password
            if text is None:
                if one.name != "REDIS_URL":
                    wrong.append(f"{one.name} (no password)")
                continue
        listed = one.name.endswith("_API_KEY") or one.name == "JWT_PREVIOUS_KEYS"
        parts = [part.strip() for part in (text or "").split(",")] if listed else [text or ""]
        if text is not None and any(map(is_placeholder, parts)):
            wrong.append(f"{one.name} (a placeholder)")
        elif one.name.startswith("JWT_") and any(len(part.encode()) < 32 for part in parts):
            wrong.append(f"{one.name} (shorter than 32 bytes)")
    if wrong:
        raise BadSetting(f"ENVIRONMENT=production refuses to start: {', '.join(wrong)}")
