"""Waits for all transactions that are open, where the database of a row is not known."""

from collections.abc import Callable
from functools import partial

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


def after_commits(action: Callable[[], None]) -> None:
    """Call `action` once every open transaction of this thread has committed: at once without any.

    It is never called if one of them is rolled back, or is not one of Django's: with autocommit off, nothing reports
    the commit. No database is connected to.
    """
    initialized = connections.all(initialized_only=True)
    if any(_is_manual(each) for each in initialized):
        return
    waiting = {each.alias for each in initialized if each.in_atomic_block}
    if not waiting:
        action()

    def note(alias: str) -> None:
        waiting.discard(alias)
        if not waiting:
            action()

    for alias in tuple(waiting):
        transaction.on_commit(partial(note, alias), using=alias)


def _is_manual(database: BaseDatabaseWrapper) -> bool:
    return database.connection is not None and not database.autocommit and not database.in_atomic_block
