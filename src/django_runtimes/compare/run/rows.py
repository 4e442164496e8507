"""Reads the keys of the rows that a workload wrote, and compares them with the acknowledged writes."""

import psycopg

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run.subject import Subject


def check_rows(subject: Subject, database_url: str, keys_sql: str) -> None:
    """Count a stopped subject's rows; raise CompareError if they do not match its acknowledged writes."""
    subject.rows = subject.ledger.reconcile(found_keys(database_url, keys_sql))
    if subject.rows.violations:
        raise CompareError(
            f"its rows do not match the acknowledged writes: {'; '.join(subject.rows.violations)}; "
            f"check the application's idempotency and the workload's keys_sql"
        )


def found_keys(database_url: str, keys_sql: str) -> list[str]:
    """Return the key of every row that the workload wrote; raise CompareError when its SQL fails."""
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            cursor = connection.execute(keys_sql.encode())
            if cursor.description is None or len(cursor.description) != 1:
                raise CompareError(f"the workload's keys_sql={keys_sql!r} must return one column, the rows' keys")
            return [str(row[0]) for row in cursor.fetchall()]
    except psycopg.Error as error:
        # The first line has the message; the others point at the place in the SQL.
        cause = str(error).splitlines()[0]
        raise CompareError(f"the workload's keys_sql={keys_sql!r} failed: {cause}; fix it in the workload") from error
