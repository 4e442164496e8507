"""The bases of the mixins for all engines: Django's classes for type checkers, `object` at run time."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.client import BaseDatabaseClient

    class SocketWrapperBase(BaseDatabaseWrapper):
        """Django's class, with the names that its stubs leave out."""

        def get_connection_params(self) -> dict[str, Any]: ...
        def get_new_connection(self, conn_params: dict[str, Any]) -> Any: ...

    ClientBase = BaseDatabaseClient
else:
    SocketWrapperBase = ClientBase = object
