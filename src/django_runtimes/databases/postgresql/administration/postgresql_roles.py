"""Manages PostgreSQL's roles, such as the one that the application logs in as, which changes rows but no table."""

from collections.abc import Mapping, Sequence

from psycopg import errors, pq, sql

from django_runtimes.config.secret import Secret
from django_runtimes.databases.interface.role_administration import RoleAdministration
from django_runtimes.databases.postgresql.administration.role_timeouts import (
    RoleTimeouts,
    read_role_timeouts,
    write_role_timeouts,
)

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
SELECT 1 FROM pg_auth_members JOIN pg_roles AS granted ON granted.oid = roleid
JOIN pg_roles AS members ON members.oid = member
WHERE granted.rolname = %s AND members.rolname = %s
"""


class PostgresqlRoles(RoleAdministration):
    """The roles of a PostgreSQL server; the session is psycopg's connection, or has its method `execute()`."""

    # The role of RDS whose members log in with IAM tokens.
    token_role = "rds_iam"  # noqa: S105  (a name)

    def current(self) -> str:
        return self._value("SELECT session_user::text")

    def database(self) -> str:
        return self._value("SELECT current_database()::text")

    def refusal(self, error: Exception) -> str | None:
        return str(error.diag.message_primary) if isinstance(error, errors.InsufficientPrivilege) else None

    def is_reserved_name(self, error: Exception) -> bool:
        return isinstance(error, errors.ReservedName)

    def named_timeouts(
        self, *, statement_timeout_ms: int, idle_in_transaction_timeout_ms: int
    ) -> Mapping[str, int | None]:
        return RoleTimeouts(statement_timeout_ms, idle_in_transaction_timeout_ms).by_setting()

    def read_timeouts(self, role: str) -> Mapping[str, int | None]:
        return read_role_timeouts(self._session, role).by_setting()

    def write_timeouts(self, role: str, timeouts: Mapping[str, int | None]) -> None:
        write_role_timeouts(self._session, role, timeouts)

    def right_to_alter(self, role: str, login: str) -> str:
        return (
            f"give {login!r} CREATEROLE and, since PostgreSQL 16, GRANT {role} TO {login} WITH ADMIN OPTION; or log in "
            f"as {role!r}, which may set its own timeouts"
        )

    def has_role(self, role: str) -> bool:
        return self._session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None

    def create_role(self, role: str) -> None:
        self._session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))

    def set_password(self, role: str, password: Secret | None) -> None:
        hashed = None
        if password is not None:
            hashed = _hashed(role, password)
        self._session.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))

    def takes_tokens(self, role: str) -> bool:
        return self._session.execute(_IS_MEMBER, [self.token_role, role]).fetchone() is not None

    def allow_tokens(self, role: str) -> None:
        if not self.has_role(self.token_role):
            raise LookupError(f"the server has no role {self.token_role}")
        self._session.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(self.token_role), sql.Identifier(role)))

    def refuse_tokens(self, role: str) -> None:
        self._session.execute(
            sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(self.token_role), sql.Identifier(role))
        )
        # PostgreSQL only warns when another role has granted the membership.
        if self.takes_tokens(role):
            raise PermissionError(
                f"role {role!r} has {self.token_role} from another role, and only that role may revoke it"
            )

    def allow_rows(self, role: str) -> list[str]:
        grantee = sql.Identifier(role)
        self._session.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(grantee))
        for statement in _DEFAULTS:
            self._session.execute(sql.SQL(statement).format(grantee))
        return [
            *self._grant(role, "TABLE", _TABLES, _TABLE_PRIVILEGES),
            *self._grant(role, "SEQUENCE", _SEQUENCES, _SEQUENCE_PRIVILEGES),
        ]

    def _grant(self, role: str, noun: str, kinds: Sequence[str], privileges: Sequence[str]) -> list[str]:
        grantable = [f"{privilege} WITH GRANT OPTION" for privilege in privileges]
        names = self._where(kinds, self.current(), grantable, has_all=True)
        if names:
            self._session.execute(
                sql.SQL("GRANT {} ON {} {} TO {}").format(
                    sql.SQL(", ").join(map(sql.SQL, privileges)),
                    sql.SQL(noun),
                    sql.SQL(", ").join(sql.Identifier("public", name) for name in names),
                    sql.Identifier(role),
                )
            )
        return self._where(kinds, role, privileges, has_all=False)

    def _where(self, kinds: Sequence[str], role: str, privileges: Sequence[str], *, has_all: bool) -> list[str]:
        """Return the relations on which the role has all privileges, or, without `has_all`, the other relations."""
        parameters = {"kinds": list(kinds), "role": role, "privileges": list(privileges), "has_all": has_all}
        return [name for (name,) in self._session.execute(_WITH_PRIVILEGES, parameters)]

    def _value(self, query: str) -> str:
        return str(self._session.execute(query).fetchone()[0])


def _hashed(role: str, password: Secret) -> str:
    """Return the hash that the server stores; it may log the statement."""
    # libpq hashes with any connection, even with one that was never made. The Data API has no other.
    unconnected = pq.PGconn.connect_start(b"host=/nonexistent")
    try:
        return unconnected.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    finally:
        unconnected.finish()
