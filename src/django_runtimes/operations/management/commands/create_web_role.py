"""`webapp create_web_role`: creates the role that the application logs in as."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import IamToken
from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import CredentialsError
from django_runtimes.databases.credentials.provider import provider_of
from django_runtimes.operations.operations_session import open_session
from django_runtimes.operations.web_role import (
    TOKEN_ROLE,
    allow_rows,
    allow_tokens,
    create_role,
    has_role,
    refuse_tokens,
    set_password,
    takes_tokens,
)


class Command(BaseCommand):
    help = (
        "Creates the role that the application logs in as, unless it exists, and lets it read and write rows. "
        "WEBAPP_DB_CREDENTIALS decides how the role logs in. The command uses the direct route and the operations "
        "login. It can be run again: an existing role keeps its password unless its kind of login changes."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--renew-password",
            action="store_true",
            help="set the password of an existing role too, as after a restore; no other application may use the role",
        )

    def handle(self, *, renew_password: bool = False, **options: Any) -> None:
        role = adopted_by(settings).web_role
        if not role:
            raise CommandError("the web role has no name; set WEBAPP_DB_USER")
        server = open_session(connection)
        if server.info.user == role:
            raise CommandError(
                f"{role!r} is logged in and cannot create itself; set WEBAPP_DB_OPERATIONS_USER to the role that "
                "administers the server"
            )
        try:
            with server.transaction():
                lines = _prepare(server, role, renew_password=renew_password)
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(
                f"{server.info.user!r} may not do this: {error.diag.message_primary}; log in as the role that "
                "administers the server (WEBAPP_DB_OPERATIONS_USER)"
            ) from None
        except psycopg.errors.ReservedName:
            raise CommandError(f"role name {role!r} is reserved; set WEBAPP_DB_USER to another name") from None
        except psycopg.Error as error:
            raise CommandError(f"cannot create or change role {role!r}: {' '.join(str(error).split())}") from error
        for line in lines:
            self.stdout.write(line)


def _prepare(server: psycopg.Connection, role: str, *, renew_password: bool) -> list[str]:
    """Create or change the role, and return a line for each step."""
    try:
        login = adopted_by(settings).read_web_login()
    except ConfigurationError as error:
        raise CommandError(str(error)) from None
    is_new = not has_role(server, role)
    if is_new:
        create_role(server, role)
    lines = [f"role {role} is created" if is_new else f"role {role} exists already"]
    if isinstance(login.credentials, IamToken):
        lines.append(_log_in_by_tokens(server, role, is_new=is_new))
    elif is_new:
        set_password(server, role, _password(role, login))
    elif takes_tokens(server, role):
        lines.append(_log_in_by_password(server, role, _password(role, login)))
    elif renew_password:
        set_password(server, role, _password(role, login))
        lines.append(f"role {role} has a new password")
    left_out = allow_rows(server, role)
    lines.append(f"role {role} may read and write rows of tables that {server.info.user} creates")
    if left_out:
        lines.append(
            f"role {role} may not use all of {', '.join(left_out)}, and {server.info.user} cannot grant this; "
            "their owners can"
        )
    return lines


def _log_in_by_tokens(server: psycopg.Connection, role: str, *, is_new: bool) -> str:
    had_password = not is_new and not takes_tokens(server, role)
    try:
        allow_tokens(server, role)
    except LookupError as error:
        raise CommandError(f"{error.args[0]}; WEBAPP_DB_CREDENTIALS=iam needs a server on RDS") from None
    if not had_password:
        return f"role {role} logs in with tokens ({TOKEN_ROLE})"
    set_password(server, role, None)
    return f"role {role} logs in with tokens ({TOKEN_ROLE}), and no longer with a password"


def _log_in_by_password(server: psycopg.Connection, role: str, password: Secret) -> str:
    try:
        refuse_tokens(server, role)
    except PermissionError as error:
        raise CommandError(f"{error.args[0]}; run REVOKE {TOKEN_ROLE} FROM {role} as that role") from None
    set_password(server, role, password)
    return f"role {role} logs in with its password, and no longer with tokens ({TOKEN_ROLE})"


def _password(role: str, login: Any) -> Secret:
    if login.credentials is None:
        if not login.password:
            raise CommandError(f"role {role!r} needs a password to log in; set WEBAPP_DB_PASSWORD")
        return Secret(login.password)
    provider = provider_of({**settings.DATABASES["default"], "CREDENTIALS": login.credentials, "USER": role})
    assert provider is not None, "there are credentials"  # noqa: S101
    try:
        stored = provider.login()
    except CredentialsError as error:
        raise CommandError(str(error)) from None
    if stored.user != role:
        raise CommandError(
            f"the secret is the login of {stored.user!r}, but the web role is {role!r}; correct WEBAPP_DB_USER"
        )
    return stored.password
