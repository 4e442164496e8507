"""The mixin for engines whose connections are sockets: what does not depend on the driver."""

from abc import abstractmethod
from typing import Any, ClassVar

from django_runtimes.databases.credentials.provider import provider_of
from django_runtimes.databases.sockets.client import with_login
from django_runtimes.databases.sockets.fork import leave_at_fork
from django_runtimes.databases.sockets.login_attempt import FailedLogins, open_connection
from django_runtimes.databases.sockets.thread_end import close_at_thread_end, forget
from django_runtimes.databases.sockets.types import SocketWrapperBase
from django_runtimes.moment import Moment


class SocketWrapperMixin(SocketWrapperBase):
    """Fetches credentials for each new connection, and drops connections after a fork, a freeze or a thread's end.

    It precedes the DatabaseWrapper of Django or of an engine derived from it, and extends that wrapper's client. An
    engine sets `failed_logins` and `leave_to_parent()`. The entry in DATABASES may set CREDENTIALS and MAX_REST_S
    (django_runtimes.config.databases.database_settings).
    """

    failed_logins: ClassVar[FailedLogins]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A mixin for the wrappers of one engine has no client.
        if (client := getattr(cls, "client_class", None)) is not None:
            cls.client_class = with_login(client)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last_checked_at: Moment | None = None
        leave_at_fork(self)

    @abstractmethod
    def leave_to_parent(self, connection: Any) -> None:
        """In a child process, close the parent's connection without sending anything to the server."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return the driver's arguments with current credentials; raise CredentialsError if there are none."""
        return self._with_login(super().get_connection_params())

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new connection; if the server refuses the login, fetch it again and try once more."""
        first = [conn_params]
        return open_connection(
            super().get_new_connection,
            lambda: first.pop() if first else self.get_connection_params(),
            provider_of(self.settings_dict),
            self.failed_logins,
        )

    def connect(self) -> None:
        """Connect as Django does, until the thread ends."""
        super().connect()
        # A receiver of `connection_created` may have closed the connection.
        if self.connection is not None:
            close_at_thread_end(self)

    def close(self) -> None:
        """Close the connection as Django does."""
        super().close()
        # Django keeps a connection that was closed within a transaction until the transaction ends, and it may never
        # end.
        if self.connection is None or self.closed_in_transaction:
            forget(self)

    def end_thread(self) -> None:
        """Close the connection at the end of its thread."""
        self.close()

    def evict(self) -> None:
        """Close this connection, so that the next one is new.

        Use it for a connection that works but is useless, such as one to a server that a failover made read-only.
        """
        connection = self.connection
        if connection is not None:
            connection.close()
            self.close()

    def close_if_unusable_or_obsolete(self) -> None:
        """Check the connection as Django does at a request's start and end; close it if it was idle for too long."""
        if self.connection is None:
            self._last_checked_at = None
            return
        self._close_if_unusable_or_obsolete()

    def _close_if_unusable_or_obsolete(self) -> None:
        max_rest_s = self.settings_dict.get("MAX_REST_S")
        checked_at, self._last_checked_at = self._last_checked_at, Moment.now()
        if checked_at is not None and max_rest_s is not None and checked_at.age_s > max_rest_s:
            self.close()
        else:
            super().close_if_unusable_or_obsolete()

    def _with_login(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if provider := provider_of(self.settings_dict):
            login = provider.login()
            return {**parameters, "user": login.user, "password": login.password}
        return parameters
