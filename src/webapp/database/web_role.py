"""The role that the application logs in as: it reads and writes rows, and changes no table."""

import psycopg
from psycopg import sql

from webapp.config.secret import Secret

# RDS's own role, whose members log in by tokens.
TOKEN_ROLE = "rds_iam"  # noqa: S105  (a name)

_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
    # What the one who is logged in makes later.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {}",
)


def has_role(connection: psycopg.Connection, role: str) -> bool:
    """Whether the server has a role of this name."""
    return connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def create_role(connection: psycopg.Connection, role: str, password: Secret | None) -> None:
    """Create a role that may log in, by the password where there is one."""
    statement = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role))
    if password is not None:
        # Hashed here: the statement may come to stand in the server's log.
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(hashed.decode()))
    connection.execute(statement)


def allow_tokens(connection: psycopg.Connection, role: str) -> None:
    """Let the role log in by tokens instead of passwords; LookupError on a server that is not RDS."""
    if not has_role(connection, TOKEN_ROLE):
        raise LookupError(f"the server has no role {TOKEN_ROLE}")
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(TOKEN_ROLE), sql.Identifier(role)))


def allow_rows(connection: psycopg.Connection, role: str) -> None:
    """Let the role use the rows of every table that is there, and of those that the logged-in role will make."""
    for statement in _GRANTS:
        connection.execute(sql.SQL(statement).format(sql.Identifier(role)))
