"""Make or update the administrator of Airflow's pages: run inside Airflow's environment, as often as one likes.

The account arrives on standard input, because a password on a command line is seen by everyone on the machine.
"""

from __future__ import annotations

import json
import sys

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

ROLE = "Admin"


def main() -> None:
    """Read the account, and write it."""
    given = json.load(sys.stdin)
    with get_application_builder() as builder:
        manager = builder.sm
        role, user = manager.find_role(ROLE), manager.find_user(given["username"])
        if user is None:
            made = manager.add_user(
                given["username"],
                given["firstname"],
                given["lastname"],
                given["email"],
                role,
                given["password"],
            )
            if not made:
                raise SystemExit(
                    f"the user {given['username']} could not be made: is the e-mail address taken?"
                )
            return
        user.first_name, user.last_name, user.email = given["firstname"], given["lastname"], given["email"]
        user.active = True
        if role not in user.roles:
            user.roles.append(role)
        manager.update_user(user)
        manager.reset_password(user.id, given["password"])


if __name__ == "__main__":
    main()
