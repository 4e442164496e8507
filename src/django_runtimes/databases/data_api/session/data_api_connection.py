"""What Django takes for psycopg's connection; the service is only called by statements."""

from datetime import tzinfo
from threading import RLock
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg.adapt import AdaptersMap

from django_runtimes.databases.data_api.service.rds_data import RdsData
from django_runtimes.databases.data_api.session.data_api_cursor import DataApiCursor
from django_runtimes.databases.data_api.session.data_api_transaction import DataApiTransaction, SingleStatements
from django_runtimes.databases.data_api.session.paged_rows import PagedRows

# Parts of psycopg's connection that need a connection of libpq.
_OF_LIBPQ = frozenset(
    (
        "add_notice_handler",
        "add_notify_handler",
        "cancel",
        "cancel_safe",
        "fileno",
        "info",
        "notifies",
        "pgconn",
        "pipeline",
        "prepare_threshold",
        "remove_notice_handler",
        "remove_notify_handler",
        "set_deferrable",
        "set_isolation_level",
        "set_read_only",
        "tpc_begin",
        "tpc_commit",
        "tpc_prepare",
        "tpc_recover",
        "tpc_rollback",
        "transaction",
        "wait",
        "xid",
    )
)


class NotOfDataApiError(psycopg.NotSupportedError, AttributeError):
    """The service has nothing like an attribute of psycopg, for `hasattr()` too."""


class DataApiConnection:
    """A transaction or none, and the adapters of its values.

    A transaction begins with its first statement. `connection` is psycopg's, for its own adapters; here it is None.
    """

    connection = None

    def __init__(self, service: RdsData, adapters: AdaptersMap, timezone: tzinfo | None) -> None:
        self.service = service
        self.timezone = timezone
        self.adapters = AdaptersMap(adapters)
        self.closed = False
        self.lock = RLock()
        self.pages: WeakSet[PagedRows] = WeakSet()
        self._autocommit = False
        self._transaction: DataApiTransaction | None = None
        self._single = SingleStatements(service)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_LIBPQ:
            raise NotOfDataApiError(
                f"the Data API has no connection, so psycopg's {name} does not exist; use the direct route"
            )
        raise AttributeError(name)

    @property
    def autocommit(self) -> bool:
        """Whether each statement outside `begin()` is a transaction of its own."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, autocommit: bool) -> None:
        self.check_open()
        if self._transaction is not None:
            raise psycopg.ProgrammingError("can't change 'autocommit' now: a transaction is open")
        self._autocommit = autocommit

    @property
    def is_in_transaction(self) -> bool:
        """Whether the service holds a transaction, or the next statement begins one."""
        return self._transaction is not None or not self._autocommit

    def session(self) -> SingleStatements | DataApiTransaction:
        """Return where the next statement runs; begin a transaction if autocommit is off."""
        self.check_open()
        if self._transaction is None and not self._autocommit:
            self.begin()
        return self._transaction or self._single

    def transaction_for_rows(self) -> tuple[DataApiTransaction, bool]:
        """Return the open transaction, or a new one for the caller alone and True."""
        session = self.session()
        if isinstance(session, DataApiTransaction):
            return session, False
        return DataApiTransaction(self.service), True

    def begin(self) -> None:
        """Begin a transaction, even if autocommit is on."""
        if self._transaction is None:
            self._transaction = DataApiTransaction(self.service)

    def cursor(self, *args: Any, **kwargs: Any) -> DataApiCursor:
        """Return a new cursor."""
        if args or kwargs:
            raise psycopg.NotSupportedError("the Data API has no cursors with options; use iterator()")
        self.check_open()
        return DataApiCursor(self)

    def execute(self, sql: Any, values: Any = None) -> DataApiCursor:
        """Execute a statement with a new cursor, as psycopg's connection does."""
        return self.cursor().execute(sql, values)

    def commit(self) -> None:
        """Commit the open transaction, if there is one."""
        self.check_open()
        with self.lock:
            transaction, self._transaction = self._transaction, None
            if transaction is not None:
                transaction.commit()

    def rollback(self) -> None:
        """Roll the open transaction back, if there is one."""
        self.check_open()
        with self.lock:
            transaction, self._transaction = self._transaction, None
            if transaction is not None:
                transaction.rollback()

    def close(self) -> None:
        """Roll back, and refuse further statements."""
        if self.closed:
            return
        try:
            for page in list(self.pages):
                page.close()
            self.rollback()
        except psycopg.Error:
            # The service rolls back by itself what it does not hear of.
            pass
        finally:
            self.closed = True

    def check_open(self) -> None:
        """Raise OperationalError after close()."""
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
