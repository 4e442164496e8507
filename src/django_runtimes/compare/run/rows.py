"""Reads which rows a workload has left."""

import psycopg

from django_runtimes.compare.compare_error import CompareError


def found_keys(database_url: str, keys_sql: str) -> list[str]:
    """The key of every row the workload wrote; CompareError when its SQL does not return them."""
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            cursor = connection.execute(keys_sql.encode())
            if cursor.description is None or len(cursor.description) != 1:
                raise CompareError(f"the workload's keys_sql={keys_sql!r} must return one column, the rows' keys")
            return [str(row[0]) for row in cursor.fetchall()]
    except psycopg.Error as error:
        # The first line says what is wrong; the others draw an arrow under it.
        cause = str(error).splitlines()[0]
        raise CompareError(f"the workload's keys_sql={keys_sql!r} failed: {cause}; fix it in the workload") from error
