"""`webapp create_web_role`: creates the role that the application logs in as."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from django_runtimes.config.secret import Secret
from django_runtimes.databases.interface.engine_registry import engine_of
from django_runtimes.databases.interface.operations_session import open_roles
from django_runtimes.databases.interface.role_administration import RoleAdministration
from django_runtimes.operations.table_owner_creation import create_table_owner
from django_runtimes.operations.web_role_login import WebRoleLogin, web_role_and_login


class Command(BaseCommand):
    help = (
        "Creates the role that the application logs in as, unless it exists, and lets it read and write rows. "
        "WEBAPP_DB_CREDENTIALS decides how the role logs in; on the route data_api, WEBAPP_DB_SECRET_ARN names the "
        "role and its password. The command uses the operations login, on the direct route or data_api. It can be run "
        "again: an existing role keeps its password unless its kind of login changes. On Oracle and SQL Server it "
        "creates the user that owns the tables, and SQL Server's database, with the login of "
        "WEBAPP_DB_ADMINISTRATOR_SECRET_ARN."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--renew-password",
            action="store_true",
            help="set the password of an existing role too, as after a restore; no other application may use the role",
        )

    def handle(self, *, renew_password: bool = False, **options: Any) -> None:
        web = web_role_and_login()
        engine = engine_of(connection)
        if engine is not None and engine.table_owner is not None:
            for line in create_table_owner(connection, engine, web, renew_password=renew_password):
                self.stdout.write(line)
            return
        server, driver_error = open_roles(connection)
        if server.current() == web.role:
            raise CommandError(
                f"{web.role!r} is logged in and cannot create itself; set WEBAPP_DB_OPERATIONS_USER or "
                "WEBAPP_DB_OPERATIONS_SECRET_ARN to the role that administers the server"
            )
        try:
            with transaction.atomic():
                lines = _prepare(server, web, renew_password=renew_password)
        except driver_error as error:
            raise _refused(server, web.role, error) from error
        for line in lines:
            self.stdout.write(line)


def _refused(server: RoleAdministration, role: str, error: Exception) -> CommandError:
    if (refusal := server.refusal(error)) is not None:
        return CommandError(
            f"{server.current()!r} may not do this: {refusal}; log in as the role that administers the server "
            "(WEBAPP_DB_OPERATIONS_USER or WEBAPP_DB_OPERATIONS_SECRET_ARN)"
        )
    if server.is_reserved_name(error):
        return CommandError(f"role name {role!r} is reserved; set WEBAPP_DB_USER to another name")
    return CommandError(f"cannot create or change role {role!r}: {' '.join(str(error).split())}")


def _prepare(server: RoleAdministration, web: WebRoleLogin, *, renew_password: bool) -> list[str]:
    """Create or change the role, and return a line for each step."""
    role = web.role
    is_new = not server.has_role(role)
    if is_new:
        server.create_role(role)
    lines = [f"role {role} is created" if is_new else f"role {role} exists already"]
    if web.takes_tokens:
        lines.append(_log_in_by_tokens(server, role, is_new=is_new))
    elif is_new:
        server.set_password(role, web.password())
    elif server.takes_tokens(role):
        lines.append(_log_in_by_password(server, role, web.password()))
    elif renew_password:
        server.set_password(role, web.password())
        lines.append(f"role {role} has a new password")
    left_out = server.allow_rows(role)
    lines.append(f"role {role} may read and write rows of tables that {server.current()} creates")
    if left_out:
        lines.append(
            f"role {role} may not use all of {', '.join(left_out)}, and {server.current()} cannot grant this; "
            "their owners can"
        )
    return lines


def _log_in_by_tokens(server: RoleAdministration, role: str, *, is_new: bool) -> str:
    had_password = not is_new and not server.takes_tokens(role)
    try:
        server.allow_tokens(role)
    except LookupError as error:
        raise CommandError(f"{error.args[0]}; WEBAPP_DB_CREDENTIALS=iam needs a server on RDS") from None
    if not had_password:
        return f"role {role} logs in with tokens ({server.token_role})"
    server.set_password(role, None)
    return f"role {role} logs in with tokens ({server.token_role}), and no longer with a password"


def _log_in_by_password(server: RoleAdministration, role: str, password: Secret) -> str:
    try:
        server.refuse_tokens(role)
    except PermissionError as error:
        raise CommandError(f"{error.args[0]}; run REVOKE {server.token_role} FROM {role} as that role") from None
    server.set_password(role, password)
    return f"role {role} logs in with its password, and no longer with tokens ({server.token_role})"
