"""The mixin for engines whose drivers hide the sockets of their connections."""

from typing import Any

from django_runtimes.databases.sockets.socket_wrapper import SocketWrapperMixin

# A driver logs out when a connection is deallocated, so a child process keeps those of its parent.
_of_parent: list[Any] = []


class DriverWrapperMixin(SocketWrapperMixin):
    """Adds to SocketWrapperMixin what needs no access to the socket; neither engine has a pool."""

    def leave_to_parent(self, connection: Any) -> None:
        """In a child process, keep the parent's connection unused, since closing it would end the parent's session."""
        _of_parent.append(connection)

    def evict(self) -> None:
        """Close this connection, so that the next one is new; these drivers refuse to close one twice."""
        self.close()

    def close_pool(self) -> None:
        """Do nothing: this engine has no pool."""
