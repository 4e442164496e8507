"""An action waits for the transactions of all databases, here of SQLite in memory."""

import pytest
from django import db
from django.db import ConnectionHandler, transaction

from django_runtimes.files import awaited_commits
from django_runtimes.files.awaited_commits import after_commits

pytestmark = pytest.mark.profile_free

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


@pytest.fixture
def use(monkeypatch, django_db_blocker):
    """Return a function that replaces the databases, of which `default` has none in these tests."""

    handlers = []

    def replace(**databases):
        handler = ConnectionHandler({"default": {}, **databases})
        handlers.append(handler)
        for module in (db, transaction, awaited_commits):
            monkeypatch.setattr(module, "connections", handler)
        return handler

    # pytest-django refuses databases other than its own.
    with django_db_blocker.unblock():
        yield replace
    for connection in [each for handler in handlers for each in handler.all(initialized_only=True)]:
        # Django keeps databases in memory open, of which Python 3.13 warns.
        if connection.connection is not None:
            connection.connection.close()


def test_without_a_database_nothing_is_waited_for(use):
    use()
    called = []

    after_commits(lambda: called.append(1))

    assert called == [1]


def test_no_database_is_connected_to(use):
    databases = use(rows=SQLITE)
    called = []
    unused = databases["rows"]

    after_commits(lambda: called.append(1))

    assert called == [1]
    assert unused.connection is None


@pytest.mark.parametrize("fails", [False, True])
def test_the_transaction_of_another_database_is_waited_for(use, fails):
    use(rows=SQLITE)
    called = []

    with transaction.atomic(using="rows"):
        after_commits(lambda: called.append(1))
        assert called == []
        transaction.set_rollback(fails, using="rows")

    assert called == ([] if fails else [1])


@pytest.mark.parametrize("failing", [None, "rows", "requests"])
def test_every_open_transaction_must_commit(use, failing):
    use(rows=SQLITE, requests=SQLITE)
    called = []

    with transaction.atomic(using="requests"):
        with transaction.atomic(using="rows"):
            after_commits(lambda: called.append(1))
            transaction.set_rollback(failing == "rows", using="rows")
        assert called == []
        transaction.set_rollback(failing == "requests", using="requests")

    assert called == ([1] if failing is None else [])


def test_a_transaction_without_autocommit_keeps_the_upload(use):
    databases = use(rows=SQLITE)
    called = []
    databases["rows"].set_autocommit(False)

    after_commits(lambda: called.append(1))

    assert called == []
