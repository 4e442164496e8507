"""Waits for the jobs that build indexes and validate constraints."""

import time
from collections.abc import Sequence
from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from django_runtimes.databases.dsql.transactions.conflicts import repeated

_PAUSES_S = (0.05, 0.2, 0.5, 1.0)
_FAILED = ("failed", "cancelled")
_COMPLETED = "completed"


def wait_for_jobs(connection: BaseDatabaseWrapper, jobs: Sequence[str]) -> None:
    """Return when all jobs have ended; raise DatabaseError if one has failed.

    The procedure `sys.wait_for_job` would hold a transaction, which the service ends after minutes. A job without a row
    had nothing to do.
    """
    number = 0
    while jobs:
        rows = repeated(partial(_states, connection, jobs), using=connection.alias)
        for job, status, details in rows:
            if status in _FAILED:
                raise DatabaseError(
                    f"the job {job} of Aurora DSQL has {status}: {details or 'no details'}; correct the rows, remove "
                    "the index or constraint that it left invalid, and carry out its statement again"
                )
        jobs = [job for job, status, _ in rows if status != _COMPLETED]
        if jobs:
            time.sleep(_PAUSES_S[min(number, len(_PAUSES_S) - 1)])
            number += 1


def _states(connection: BaseDatabaseWrapper, jobs: Sequence[str]) -> list[tuple[str, str, str | None]]:
    places = ", ".join(["%s"] * len(jobs))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT job_id, status, details FROM sys.jobs WHERE job_id IN ({places})", list(jobs))  # noqa: S608
        return list(cursor.fetchall())
