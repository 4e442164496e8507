"""Creates the web role where it owns the tables, on Oracle and SQL Server."""

from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.variables.database.database_login import DB_ADMINISTRATOR_SECRET_ARN
from django_runtimes.databases.credentials.connection_login import CredentialsError
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.operations.web_role_login import WebRoleLogin


def create_table_owner(
    connection: BaseDatabaseWrapper, engine: DatabaseEngine, web: WebRoleLogin, *, renew_password: bool
) -> list[str]:
    """Create the web role and, on SQL Server, its database; return a line for each step.

    The administrator repeats every step, so that one which failed before is made up for. A role that logs in already,
    such as one that was created by hand, needs no administrator. Raise CommandError if the administrator cannot log in
    or may not do this while the role cannot log in, or if the role cannot log in afterwards.
    """
    owner, entry = engine.table_owner, connection.settings_dict
    assert owner is not None, "the engine's tables belong to the web role"  # noqa: S101
    own = {"USER": web.login.user, "PASSWORD": web.login.password, "CREDENTIALS": web.login.credentials}
    refused = _refusal(engine, entry | own)
    administrator = adopted_by(settings).administrator
    if administrator is None:
        if refused is None:
            return [f"{web.role} logs in already"]
        raise CommandError(
            f"{web.role!r} cannot log in: {refused}; if it does not exist yet, set {DB_ADMINISTRATOR_SECRET_ARN.name} "
            f"to the secret of the login that administers {engine.product}, or create it by hand "
            "(`webapp docs oracle-sql-server`)"
        )
    login = {"USER": "", "PASSWORD": "", "CREDENTIALS": administrator}
    place = {} if owner.entrance is None else {"NAME": owner.entrance}
    password = web.password()
    opened = ConnectionHandler({"default": entry | login | place})
    try:
        opened["default"].ensure_connection()
        # Django's own cursor would write the password to the log of queries.
        with closing(opened["default"].create_cursor()) as cursor:
            lines = owner.prepare(
                cursor, role=web.role, password=password, database=str(entry["NAME"]), renew_password=renew_password
            )
    except (Error, engine.error_class, CredentialsError) as error:
        failure = f"as the administrator of {engine.product}: {_described(engine, error)}"
        if refused is None and not renew_password:
            return [f"{web.role} logs in already; nothing was changed {failure}"]
        raise CommandError(f"cannot create {web.role!r} {failure}") from None
    finally:
        opened.close_all()
    if (reason := _refusal(engine, entry | own)) is not None:
        advice = "" if renew_password else "; if it has another password, run create_web_role --renew-password"
        raise CommandError(f"{web.role!r} exists, but cannot log in: {reason}{advice}")
    return lines


def _refusal(engine: DatabaseEngine, entry: dict[str, Any]) -> str | None:
    """Return why a login fails, or None if it succeeds."""
    opened = ConnectionHandler({"default": entry})
    try:
        opened["default"].ensure_connection()
    except (Error, engine.error_class, CredentialsError) as error:
        return _described(engine, error)
    finally:
        opened.close_all()
    return None


def _described(engine: DatabaseEngine, error: Exception) -> str:
    cause = error.__cause__
    if isinstance(cause, engine.error_class):
        return engine.described(cause)
    return engine.described(error) if isinstance(error, engine.error_class) else " ".join(str(error).split())
