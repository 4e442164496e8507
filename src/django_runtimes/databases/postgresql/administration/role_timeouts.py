"""Reads and writes a role's timeouts in PostgreSQL, where they apply to every route."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

# psycopg's connection, or another one with its method `execute()`.
Session = Any

STATEMENT_TIMEOUT = "statement_timeout"
IDLE_IN_TRANSACTION_TIMEOUT = "idle_in_transaction_session_timeout"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d|)")
_MS_PER_UNIT = {"us": 0.001, "ms": 1, "": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

# A setting for this database comes last, since it overrides the others.
_READ = """
    SELECT unnest(setconfig) FROM pg_db_role_setting
    JOIN pg_roles ON pg_roles.oid = setrole
    WHERE rolname = %s
    AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY setdatabase <> 0
"""


@dataclass(frozen=True)
class RoleTimeouts:
    """Timeouts of a role's new connections, in milliseconds; None means not set, and 0 means no limit."""

    statement_timeout_ms: int | None
    idle_in_transaction_timeout_ms: int | None

    def by_setting(self) -> dict[str, int | None]:
        """Map the names of PostgreSQL's settings to the timeouts."""
        return {
            STATEMENT_TIMEOUT: self.statement_timeout_ms,
            IDLE_IN_TRANSACTION_TIMEOUT: self.idle_in_transaction_timeout_ms,
        }

    def missing(self) -> list[str]:
        """Return the names of the settings that do not limit the role."""
        return [name for name, timeout_ms in self.by_setting().items() if not timeout_ms]


def read_role_timeouts(connection: Session, role: str) -> RoleTimeouts:
    """Return the role's timeouts in this database; raise LookupError when the role does not exist."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
        raise LookupError(f"role {role!r} does not exist")
    settings = dict(row[0].partition("=")[::2] for row in connection.execute(_READ, [role]))
    return RoleTimeouts(_parsed(settings.get(STATEMENT_TIMEOUT)), _parsed(settings.get(IDLE_IN_TRANSACTION_TIMEOUT)))


def write_role_timeouts(connection: Session, role: str, timeouts: Mapping[str, int | None]) -> None:
    """Set the timeouts of the role in every database; raise psycopg.errors.InsufficientPrivilege if forbidden."""
    for name, timeout_ms in timeouts.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(role), sql.Identifier(name), sql.Literal(f"{timeout_ms}ms")
            )
        )


def _parsed(duration: str | None) -> int | None:
    """Return the milliseconds of a setting's text; raise ValueError for an invalid duration."""
    if duration is None:
        return None
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise ValueError(f"{duration!r} is not a duration in PostgreSQL; write it as 8s or 8000")
    return round(float(match[1]) * _MS_PER_UNIT[match[2]])
