"""The timeouts that PostgreSQL keeps on a role, so that they hold on every route."""

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

STATEMENT_TIMEOUT = "statement_timeout"
IDLE_IN_TRANSACTION_TIMEOUT = "idle_in_transaction_session_timeout"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d|)")
_MS_PER_UNIT = {"us": 0.001, "ms": 1, "": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

# A setting for this database alone comes last, since it has the last word.
_READ = """
    SELECT unnest(setconfig) FROM pg_db_role_setting
    JOIN pg_roles ON pg_roles.oid = setrole
    WHERE rolname = %s
    AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY setdatabase <> 0
"""


@dataclass(frozen=True)
class RoleTimeouts:
    """What a role's new connections have, in milliseconds; None where the role sets nothing, 0 for no limit."""

    statement_timeout_ms: int | None
    idle_in_transaction_timeout_ms: int | None

    def by_setting(self) -> dict[str, int | None]:
        """The same under PostgreSQL's names."""
        return {
            STATEMENT_TIMEOUT: self.statement_timeout_ms,
            IDLE_IN_TRANSACTION_TIMEOUT: self.idle_in_transaction_timeout_ms,
        }

    def missing(self) -> list[str]:
        """PostgreSQL's names of the timeouts that do not limit the role."""
        return [name for name, timeout_ms in self.by_setting().items() if not timeout_ms]


def read_role_timeouts(connection: psycopg.Connection, role: str) -> RoleTimeouts:
    """What PostgreSQL keeps for the role and this database; LookupError when there is no such role."""
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
        raise LookupError(f"role {role!r} does not exist")
    settings = dict(row[0].partition("=")[::2] for row in connection.execute(_READ, [role]))
    return RoleTimeouts(_parsed(settings.get(STATEMENT_TIMEOUT)), _parsed(settings.get(IDLE_IN_TRANSACTION_TIMEOUT)))


def write_role_timeouts(connection: psycopg.Connection, role: str, timeouts: RoleTimeouts) -> None:
    """Set them for the role in every database; psycopg.errors.InsufficientPrivilege when that is not allowed."""
    with connection.transaction():
        for name, timeout_ms in timeouts.by_setting().items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(role), sql.Identifier(name), sql.Literal(f"{timeout_ms}ms")
                )
            )


def _parsed(duration: str | None) -> int | None:
    """Milliseconds, from the text that ALTER ROLE was given; ValueError for what PostgreSQL would not take."""
    if duration is None:
        return None
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise ValueError(f"{duration!r} is not a duration of PostgreSQL's; write it as 8s or 8000")
    return round(float(match[1]) * _MS_PER_UNIT[match[2]])
