"""`webapp create_web_role`: the application's own role, before there is anything that it could log in to."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from webapp.config.credentials import IamToken
from webapp.config.errors import ConfigurationError
from webapp.config.secret import Secret
from webapp.database.credentials.provider import CredentialsError, provider_of
from webapp.database.web_role import TOKEN_ROLE, allow_rows, allow_tokens, create_role, has_role


class Command(BaseCommand):
    help = (
        "Creates the role that the application logs in as, where it is missing, with the login that "
        "WEBAPP_DB_CREDENTIALS names, and lets it read and write rows, on the direct route with the operations "
        "login. May be repeated; a role that is there keeps its password."
    )
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        role = settings.DATABASE_WEB_ROLE
        server = self._connect()
        if server.info.user == role:
            raise CommandError(
                f"{role!r} is logged in and would create itself; name the role that administers the server in "
                "WEBAPP_DB_OPERATIONS_USER"
            )
        try:
            with server.transaction():
                lines = self._create(server, role)
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(
                f"{server.info.user!r} may not do this: {error.diag.message_primary}; log in as the role that "
                "administers the server (WEBAPP_DB_OPERATIONS_USER)"
            ) from None
        for line in lines:
            self.stdout.write(line)

    def _connect(self) -> psycopg.Connection:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(f"the database does not answer: {' '.join(str(error).split())}") from None
        return connection.connection

    def _create(self, server: psycopg.Connection, role: str) -> list[str]:
        try:
            login = settings.READ_WEB_LOGIN()
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        by_token = isinstance(login.credentials, IamToken)
        lines = []
        if has_role(server, role):
            lines.append(f"role {role} is there already")
        else:
            create_role(server, role, None if by_token else _password(role, login))
            lines.append(f"role {role} is created")
        if by_token:
            try:
                allow_tokens(server, role)
            except LookupError as error:
                raise CommandError(f"{error.args[0]}, so WEBAPP_DB_CREDENTIALS=iam needs a server of RDS") from None
            lines.append(f"role {role} logs in by tokens ({TOKEN_ROLE})")
        allow_rows(server, role)
        lines.append(f"role {role} may read and write the rows of what {server.info.user} makes")
        return lines


def _password(role: str, login: Any) -> Secret:
    if login.credentials is None:
        if not login.password:
            raise CommandError(f"role {role!r} is to be created and has no password; set WEBAPP_DB_PASSWORD")
        return Secret(login.password)
    provider = provider_of({**settings.DATABASES["default"], "CREDENTIALS": login.credentials, "USER": role})
    assert provider is not None, "there are credentials"  # noqa: S101
    try:
        stored = provider.login()
    except CredentialsError as error:
        raise CommandError(str(error)) from None
    if stored.user != role:
        raise CommandError(
            f"the secret has the login of {stored.user!r} and the web role is {role!r}; set WEBAPP_DB_USER"
        )
    return stored.password
