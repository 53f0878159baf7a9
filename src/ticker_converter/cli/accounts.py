"""user and key: who may ask the API for what. A password comes from a prompt or from standard input, never from a word
of the command, which every user of the machine can see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ticker_converter.cli import output, words
from ticker_converter.cli.words import Commands, command, group
from ticker_converter.errors import Usage

_USER = ("name", "scopes", "created_at", "disabled_at")
_KEY = ("id", "name", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    user = group(commands, "user", "Who may log in to the API.")
    add = command(
        user, "add", _add, "Make a user.", "The password is asked for, or read from the first line of standard input."
    )  # fmt: skip
    add.add_argument("name", metavar="NAME", help="1 to 64 of a-z, 0-9 and . _ @ -")
    _scopes(add, required=False, told="what the user may do: read, operate, admin (default: read)")
    add.add_argument("--admin", action="store_true", help="all scopes")
    words.add_format(add)
    words.add_format(command(user, "list", _list, "List the users."))
    disable = command(
        user, "disable", _disable, "Refuse a user, their tokens and their keys from now on.",
        "Every server knows it within 10 seconds.",
    )  # fmt: skip
    disable.add_argument("name", metavar="NAME", help="a name of `user list`")
    words.add_format(disable)
    reset = command(
        user, "reset", _reset, "Set a user's password anew.",
        "It is asked for, or read from standard input. What was logged in is logged out.",
    )  # fmt: skip
    reset.add_argument("name", metavar="NAME", help="a name of `user list`")
    words.add_format(reset)

    key = group(commands, "key", "API keys, for programs.")
    create = command(key, "create", _create, "Make an API key; it is shown this once.")
    _scopes(create, required=True, told="what the key may do: read, operate, admin")
    create.add_argument("--name", metavar="N", help="what it is for")
    create.add_argument("--user", metavar="NAME", help="whose it is: it is refused when they are disabled")
    create.add_argument(
        "--expires", type=words.moment, metavar="T", help="when it ends: a date (its end, UTC) or a time"
    )  # fmt: skip
    words.add_format(create)
    words.add_format(command(key, "list", _keys, "List the keys, without what is secret."))
    revoke = command(
        key, "revoke", _revoke, "Refuse a key from now on.", "Every server knows it within 10 seconds."
    )
    revoke.add_argument("id", metavar="ID", help="an id of `key list`")
    words.add_format(revoke)


def _scopes(to: argparse.ArgumentParser, *, required: bool, told: str) -> None:
    to.add_argument("--scopes", nargs="+", required=required, metavar="S", help=told)


def _add(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import scopes, users

    if arguments.admin and arguments.scopes:
        raise Usage("--admin is all scopes: give one of --admin and --scopes")
    users.check_name(arguments.name)
    given = list(scopes.SCOPES) if arguments.admin else scopes.parsed(arguments.scopes or [scopes.READ])
    password = _password()
    return _print(arguments, _USER, lambda conn: users.add(conn, arguments.name, password, given))


def _list(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import users

    return _print(arguments, _USER, users.listed)


def _disable(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import users

    return _print(arguments, _USER, lambda conn: users.disable(conn, arguments.name))


def _reset(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import users

    password = _password()
    return _print(arguments, _USER, lambda conn: users.reset(conn, arguments.name, password))


def _create(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import keys, scopes

    given = scopes.parsed(arguments.scopes)
    code = _print(
        arguments, ("id", "key", "scopes"),
        lambda conn: keys.create(
            conn, given, name=arguments.name, user=arguments.user, expires_at=arguments.expires
        ),
    )  # fmt: skip
    output.tell("keep the key: only its SHA-256 is stored, and it is not shown again")
    return code


def _keys(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import keys

    return _print(arguments, _KEY, keys.listed)


def _revoke(arguments: argparse.Namespace) -> int:
    from ticker_converter.access import keys

    return _print(arguments, _KEY, lambda conn: keys.revoke(conn, arguments.id))


def _print(
    arguments: argparse.Namespace, columns: tuple[str, ...],
    act: Callable[[Any], Mapping[str, Any] | list[dict[str, Any]]],
) -> int:  # fmt: skip
    from ticker_converter.cli import session

    with session.writing() as opened:
        found = act(opened.connection)
    one = not isinstance(found, list)
    rows = [found] if isinstance(found, Mapping) else found
    if one and output.form(arguments) == "table":
        output.facts(rows[0])
    else:
        output.objects(arguments, rows, columns, one=one)
    return 0


def _password() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        given = getpass("Password: ")
        if getpass("Again: ") != given:
            raise Usage("the two passwords differ")
        return given
    line = sys.stdin.readline() if sys.stdin is not None else ""
    given = line.removesuffix("\n").removesuffix("\r")
    if not given:
        raise Usage("no password: type it at the prompt, or give it as the first line of standard input")
    return given
