"""Whether this installation is well, check by check, and what to do where it is not.

It looks and changes nothing, spends no call of a quota, and never shows a secret. What it cannot look at it says is
skipped and why: a check that was not made is never `ok`.

    examine(settings, connect) -> list[Check]      in the order of `CHECKS`
    unsettled(error) -> list[Check]                when the settings themselves cannot be read
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ticker_converter import db, embedded, providers, settings, sql
from ticker_converter.db import Connection
from ticker_converter.errors import BadSetting, ProviderUnavailable, TickerConverterError, WrongDatabase
from ticker_converter.ops import doctor_files, doctor_stored
from ticker_converter.ops.finding import Check, failed, ok, skipped, warning
from ticker_converter.providers import reach
from ticker_converter.queries import clock, readiness, standby
from ticker_converter.secret import Secret, is_placeholder
from ticker_converter.settings import Settings

CHECKS = (
    "settings", "secrets", "permissions", "disk", "database", "schema", "replica", "redis", "providers", "clock",
    *doctor_stored.CHECKS,
)  # fmt: skip
OLDEST = 15
"The oldest major version of PostgreSQL that this release runs on."
SLACK, WRONG = timedelta(seconds=5), timedelta(seconds=60)
"How far a clock may be off before it is told, and before it is a failure."


def unsettled(error: TickerConverterError) -> list[Check]:
    """The settings cannot be read: nothing else can be looked at."""
    do = "mend that setting; docs/reference/settings.md says what each may be"
    return [failed("settings", str(error), do), *(skipped(name, "no settings") for name in CHECKS[1:])]


def examine(given: Settings, connect: Callable[[], Connection]) -> list[Check]:
    """All checks. `connect` opens the warehouse for reading; its error is the finding of `database`."""
    asked = [name for name in providers.names() if _asked(name, given)]
    with ThreadPoolExecutor(max_workers=8) as pool:  # begun first: a host that does not answer takes seconds
        answers = {name: pool.submit(_ask, given, name) for name in asked}
        found = [_settings(given), _secrets(given), *doctor_files.examine(given)]
        try:
            conn = connect()
        except TickerConverterError as error:
            found += _no_database(given, error)
            conn = None
        try:
            if conn is not None:
                with db.translated():
                    found += _database(given, conn)
            found += [
                _redis(given),
                *_outside(given, {name: one.result() for name, one in answers.items()}, conn),
            ]
            if conn is None:
                found += [skipped(name, "the database does not answer") for name in doctor_stored.CHECKS]
            else:
                with db.translated():
                    found += doctor_stored.examine(given, conn)
        finally:
            if conn is not None:
                conn.close()
    return found


def _settings(given: Settings) -> Check:
    path = settings.files().get("ENV_FILE")
    detail = f"environment {given.environment}, {path or 'no file'} read"
    if path is not None and (strange := doctor_files.misspelt(path)):
        names = ", ".join(f"{name} (did you mean {meant}?)" for name, meant in strange)
        return warning("settings", f"{path} has names that nothing reads: {names}", "correct or remove them")
    return ok("settings", detail)


def _secrets(given: Settings) -> Check:
    """Production refuses to start with these; elsewhere they are told."""
    missing, weak = [], []
    for one in settings.SETTINGS:
        value = getattr(given, one.name.lower())
        if not one.secret or one.kind == "URL":
            continue
        if value is None:
            missing += [one.name] if one.required else []
        elif isinstance(value, Secret) and any(is_placeholder(part) for part in value.reveal().split(",")):
            weak.append(one.name)
    half = [
        name for name, other in (("BACKUP_S3_SECRET", "BACKUP_S3_KEY"), ("BACKUP_S3_KEY", "BACKUP_S3_SECRET"))
        if getattr(given, name.lower()) is None and getattr(given, other.lower()) is not None
    ]  # fmt: skip
    told = [f"missing: {', '.join(missing + half)}"] if missing or half else []
    told += [f"a placeholder: {', '.join(weak)}"] if weak else []
    if not told:
        return ok("secrets", "none missing, none a placeholder")
    do = "set them in the environment or in files named by NAME_FILE; production refuses to start without"
    return (failed if given.production or half else warning)("secrets", "; ".join(told), do)


def _no_database(given: Settings, error: TickerConverterError) -> list[Check]:
    if isinstance(error, BadSetting):
        do = "correct DATABASE_URL, or POSTGRES_HOST and the names beside it"
    elif given.embedded:
        do = f"read {embedded.data_folder(given.ticker_converter_home).parent / 'log'}, then try again"
    else:
        do = "start that server, or correct DATABASE_URL; a schema that is missing: ticker-converter db upgrade"
    silent = "the database does not answer"
    if isinstance(error, WrongDatabase):
        return [
            ok("database", "answers"), failed("schema", str(error), "do what it says; a backup first"),
            skipped("replica", "the primary has no schema of this release"),
        ]  # fmt: skip
    return [
        failed("database", str(error), do), skipped("schema", silent), skipped("replica", silent)
    ]  # fmt: skip


def _database(given: Settings, conn: Connection) -> Iterator[Check]:
    version, size, _ = conn.execute(sql.load("ops/doctor_server")).fetchone() or ("0", 0, None)
    where = "embedded" if given.embedded else "a server"
    told = f"PostgreSQL {version}, {where}, {size // 2**20} MB"
    if conn.info.server_version // 10000 < OLDEST:
        yield failed("database", told, f"upgrade PostgreSQL to {OLDEST} or newer")
    else:
        yield ok("database", told)
    number, latest = readiness.last_migration(conn), sql.latest()
    if number < latest:
        yield failed("schema", f"{number} of {latest} migrations", "ticker-converter db upgrade")
    elif number > latest:
        yield failed("schema", f"{number}, this release knows {latest}", "install the newer release")
    else:
        yield ok("schema", f"migration {number}, the newest")
    yield _replica(given, conn)


def _replica(given: Settings, conn: Connection) -> Check:
    if given.database_read_url is None:
        return skipped("replica", "DATABASE_READ_URL is not set")
    do = "look at the replica's log; reads go to the primary meanwhile"
    try:
        with db.writer(given, process="doctor", autocommit=True) as primary:
            position = standby.position(primary)
        with db.web(given, process="doctor", replica=True) as replica, db.translated():
            behind = standby.behind(replica, position)
    except TickerConverterError as error:
        return failed("replica", str(error), do)
    told = f"{behind:.0f} s behind, {given.replica_max_lag_seconds} allowed"
    return warning("replica", told, do) if behind > given.replica_max_lag_seconds else ok("replica", told)


def _redis(given: Settings) -> Check:
    if given.redis_url is None:
        return skipped("redis", "REDIS_URL is not set")
    import redis

    try:
        with redis.Redis.from_url(
            given.redis_url.reveal(), socket_connect_timeout=2, socket_timeout=2
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        said = type(error).__name__  # the message may hold the URL
        do = "start it or correct REDIS_URL; answers stay right without it, and are slower"
        return warning("redis", f"does not answer ({said})", do)
    return ok("redis", "answers")


def _asked(name: str, given: Settings) -> bool:
    """Whether a sync would ask it: a source of rates in use, or a provider with a key of its own."""
    stated = given.provider_settings(name)
    key = str(stated.get("api_key", ""))
    return "base_url" in stated and (
        name in given.fx_sources or name in given.unofficial_sources or bool(key)
    )


def _ask(given: Settings, name: str) -> tuple[datetime | None, timedelta, str]:
    """A provider's time, how far ours is from it, or why it did not answer."""
    base = str(given.provider_settings(name)["base_url"])
    try:
        theirs = reach.clock(base)
    except ProviderUnavailable as error:
        return None, timedelta(0), str(error)
    return theirs, (datetime.now(UTC) - theirs) if theirs else timedelta(0), ""


def _outside(
    given: Settings, answers: dict[str, tuple[datetime | None, timedelta, str]], conn: Connection | None
) -> Iterator[Check]:
    silent = [said for _, _, said in answers.values() if said]
    well = [name for name, (_, _, said) in answers.items() if not said]
    do = "check the way out (firewall, proxy, DNS); what is stored is served meanwhile"
    if not answers:
        yield skipped("providers", "none is asked")
    elif silent:
        yield warning("providers", "; ".join(silent), do)
    else:
        yield ok("providers", f"{', '.join(well)} answer")
    yield _clock(given, [off for theirs, off, _ in answers.values() if theirs], conn)


def _clock(given: Settings, offs: Sequence[timedelta], conn: Connection | None) -> Check:
    """By the providers' hosts and, where it may be another machine, the database's server."""
    do = "set the clock: timedatectl set-ntp true"
    last: datetime | None = None
    with suppress(TickerConverterError):
        if conn is not None:
            with db.translated():
                *_, theirs = conn.execute(sql.load("ops/doctor_server")).fetchone() or (datetime.now(UTC),)
                offs = list(offs) if given.embedded else [*offs, datetime.now(UTC) - theirs]
                last = clock.published_at(conn)
    if last is not None and last - datetime.now(UTC) > SLACK:
        return failed(
            "clock", f"data were published at {last:%Y-%m-%dT%H:%M:%SZ}, which is in the future", do
        )
    if not offs:
        return skipped("clock", "nobody outside told the time")
    worst = max(offs, key=abs)
    told = f"{worst.total_seconds():+.1f} s beside {len(offs)} other clock{'' if len(offs) == 1 else 's'}"
    if abs(worst) > WRONG:
        return failed("clock", told, do)
    return warning("clock", told, do) if abs(worst) > SLACK else ok("clock", told)
