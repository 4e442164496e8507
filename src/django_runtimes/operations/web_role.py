"""Manages the role that the application logs in as, which reads and writes rows but changes no table."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from django_runtimes.config.secret import Secret

# The role of RDS whose members log in with IAM tokens.
TOKEN_ROLE = "rds_iam"  # noqa: S105  (a name)

_TABLE_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_SEQUENCE_PRIVILEGES = ("USAGE",)
# The kinds (pg_class.relkind) that ALL TABLES and ALL SEQUENCES cover.
_TABLES = ("r", "p", "v", "m", "f")
_SEQUENCES = ("S",)

# These apply to tables and sequences that the logged-in role creates later.
_DEFAULTS = (
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {}",
)
# Extensions may own tables in the schema public, which would make a grant on ALL TABLES fail.
_WITH_PRIVILEGES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind::text = ANY (%(kinds)s) AND %(has_all)s = (
    SELECT bool_and(CASE relkind WHEN 'S' THEN has_sequence_privilege(%(role)s::name, oid, privilege)
                    ELSE has_table_privilege(%(role)s::name, oid, privilege) END)
    FROM unnest(%(privileges)s::text[]) AS privilege)
ORDER BY relname
"""
_IS_MEMBER = """
SELECT FROM pg_auth_members JOIN pg_roles AS granted ON granted.oid = roleid
JOIN pg_roles AS members ON members.oid = member
WHERE granted.rolname = %s AND members.rolname = %s
"""


def has_role(connection: psycopg.Connection, role: str) -> bool:
    """Return whether the server has a role of this name."""
    return connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def create_role(connection: psycopg.Connection, role: str) -> None:
    """Create a role that may log in, without a password or tokens."""
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))


def set_password(connection: psycopg.Connection, role: str, password: Secret | None) -> None:
    """Set the role's password; None removes it."""
    hashed = None
    if password is not None:
        # The password is hashed here, since the server may log the statement.
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))


def takes_tokens(connection: psycopg.Connection, role: str) -> bool:
    """Return whether the role logs in with tokens, which excludes a password."""
    return connection.execute(_IS_MEMBER, [TOKEN_ROLE, role]).fetchone() is not None


def allow_tokens(connection: psycopg.Connection, role: str) -> None:
    """Let the role log in with tokens; raise LookupError on a server outside RDS."""
    if not has_role(connection, TOKEN_ROLE):
        raise LookupError(f"the server has no role {TOKEN_ROLE}")
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(TOKEN_ROLE), sql.Identifier(role)))


def refuse_tokens(connection: psycopg.Connection, role: str) -> None:
    """Let the role log in with its password again; raise PermissionError if only another role can revoke the tokens."""
    connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(TOKEN_ROLE), sql.Identifier(role)))
    # PostgreSQL only warns when another role has granted the membership.
    if takes_tokens(connection, role):
        raise PermissionError(f"role {role!r} has {TOKEN_ROLE} from another role, and only that role may revoke it")


def allow_rows(connection: psycopg.Connection, role: str) -> list[str]:
    """Let the role use the rows of existing tables, and of tables that the logged-in role creates later.

    Returns the tables and sequences that the role still may not use, since the logged-in role cannot grant access.
    """
    grantee = sql.Identifier(role)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(grantee))
    for statement in _DEFAULTS:
        connection.execute(sql.SQL(statement).format(grantee))
    return [
        *_grant(connection, role, "TABLE", _TABLES, _TABLE_PRIVILEGES),
        *_grant(connection, role, "SEQUENCE", _SEQUENCES, _SEQUENCE_PRIVILEGES),
    ]


def _grant(
    connection: psycopg.Connection, role: str, noun: str, kinds: Sequence[str], privileges: Sequence[str]
) -> list[str]:
    grantable = [f"{privilege} WITH GRANT OPTION" for privilege in privileges]
    names = _where(connection, kinds, connection.info.user, grantable, has_all=True)
    if names:
        connection.execute(
            sql.SQL("GRANT {} ON {} {} TO {}").format(
                sql.SQL(", ").join(map(sql.SQL, privileges)),
                sql.SQL(noun),
                sql.SQL(", ").join(sql.Identifier("public", name) for name in names),
                sql.Identifier(role),
            )
        )
    return _where(connection, kinds, role, privileges, has_all=False)


def _where(
    connection: psycopg.Connection, kinds: Sequence[str], role: str, privileges: Sequence[str], *, has_all: bool
) -> list[str]:
    """Return the relations on which the role has all of the privileges, or, without `has_all`, the other relations."""
    parameters = {"kinds": list(kinds), "role": role, "privileges": list(privileges), "has_all": has_all}
    return [name for (name,) in connection.execute(_WITH_PRIVILEGES, parameters)]
