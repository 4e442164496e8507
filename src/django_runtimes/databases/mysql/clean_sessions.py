"""Keeps what a request leaves in a session of MySQL from reaching the next request."""

import logging
from typing import Any

from django.db import DatabaseError
from django.db.backends.signals import connection_created
from pymysql.err import Error

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.sockets.job import Job, current_job
from django_runtimes.databases.sockets.thread_kinds import is_managed, keeps_connections
from django_runtimes.databases.sockets.types import SocketWrapperBase
from django_runtimes.serving.current_request import Request, current_request

logger = logging.getLogger(__name__)


class CleanSessionsMixin(SocketWrapperBase):
    """Resets a session between requests, and between the jobs of an executor's thread.

    Through a proxy the connection is replaced instead, since a reset would pin the client.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        self._job: Job | None = None
        super().__init__(*args, **kwargs)

    # This is a property, since every use of the connection reads the attribute.
    @property
    def connection(self) -> Any:
        """The driver's connection; a session that other work on this thread has used is reset first."""
        if vars(self)["connection"] is not None and self._is_of_other_work():
            self._begin_work()
        return vars(self)["connection"]

    @connection.setter
    def connection(self, connection: Any) -> None:
        vars(self)["connection"] = connection

    # `atomic` reads this before anything else.
    @property
    def in_atomic_block(self) -> bool:
        """Whether an `atomic` block is open; a block of other work on this thread is rolled back first."""
        if vars(self)["in_atomic_block"] and self._is_of_other_work():
            self._begin_work()
        return bool(vars(self)["in_atomic_block"])

    @in_atomic_block.setter
    def in_atomic_block(self, is_open: bool) -> None:
        vars(self)["in_atomic_block"] = is_open

    def connect(self) -> None:
        """Connect as Django does; what receivers of `connection_created` set belongs to the connection."""
        self._request, self._job = current_request.get(), _present_job()
        super().connect()
        if (connection := vars(self)["connection"]) is not None:
            connection.is_used = connection.is_touched = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new connection; one that is kept can be reset later."""
        connection = super().get_new_connection(conn_params)
        if self.settings_dict["CONN_MAX_AGE"] != 0 and self.settings_dict.get("ROUTE") != Route.PROXY:
            try:
                connection.remember_login()
            except Error:
                connection.close()
                raise
        return connection

    def _close_if_unusable_or_obsolete(self) -> None:
        if self.settings_dict["CONN_MAX_AGE"] != 0 and not self.in_atomic_block:
            self._reset_session()
        if vars(self)["connection"] is not None:
            super()._close_if_unusable_or_obsolete()  # type: ignore[misc]  # of SocketWrapperMixin

    def _is_of_other_work(self) -> bool:
        if self._request is not current_request.get():
            return True
        return not keeps_connections() and self._job != _present_job()

    def _begin_work(self) -> None:
        if self.allow_thread_sharing:
            return
        request, job = current_request.get(), _present_job()
        before = self._request
        is_other_job = self._job is not None and self._job != job
        was_over = before is not None and before.is_over
        # Code outside the request's context sees None during the same request.
        is_outside = request is None and (not was_over or is_managed())
        if not is_other_job and (request is before or is_outside):
            return
        if vars(self)["in_atomic_block"] or not self.autocommit:
            if not is_other_job and (request is None or not was_over):
                # One request is nested in another.
                return
            blocks: list[Any] = self.atomic_blocks
            if any(block._from_testcase for block in blocks):
                return
            self._roll_back()
        self._request, self._job = request, job
        if vars(self)["connection"] is not None:
            self._reset_session()

    def _roll_back(self) -> None:
        logger.warning(
            "earlier work on this thread left a transaction open on the database %r; it is rolled back", self.alias
        )
        # Django resets the rest of the transaction's state with the next connection.
        vars(self)["in_atomic_block"] = False
        self.closed_in_transaction = self.needs_rollback = False
        self._request, self._job = current_request.get(), _present_job()
        self.close()

    def _reset_session(self) -> None:
        """Give the session the state in which its connection was opened, or close the connection."""
        connection = vars(self)["connection"]
        if not (self.autocommit and connection.get_autocommit()):
            self.close()
            return
        if not (connection.is_touched or (connection.is_used and self.settings_dict.get("ALWAYS_RESET"))):
            return
        if self.settings_dict.get("ROUTE") == Route.PROXY:
            self.close()
            return
        try:
            connection.reset_session()
            self.init_connection_state()
            connection_created.send(sender=type(self), connection=self)
        except (Error, DatabaseError):
            self.close()
        else:
            connection.is_touched = connection.is_used = False


def _present_job() -> Job | None:
    return None if keeps_connections() else current_job()
