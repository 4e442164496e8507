"""Compares the keys of the rows that a workload wrote with the acknowledged writes."""

from collections.abc import Sequence

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run.subject import Subject


def check_rows(subject: Subject, found_keys: Sequence[str]) -> None:
    """Count a stopped subject's rows; raise CompareError if they do not match its acknowledged writes."""
    subject.rows = subject.ledger.reconcile(found_keys)
    if subject.rows.violations:
        raise CompareError(
            f"its rows do not match the acknowledged writes: {'; '.join(subject.rows.violations)}; "
            f"check the application's idempotency and the workload's keys_sql"
        )
