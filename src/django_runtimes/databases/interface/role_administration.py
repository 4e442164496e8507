"""The roles of a server, which an operation creates and changes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from django_runtimes.config.secret import Secret


class RoleAdministration(ABC):
    """The roles of the server that a session of an operation reached; its methods raise the driver's errors."""

    # The server's own role whose members log in with tokens.
    token_role: ClassVar[str]

    def __init__(self, session: Any) -> None:
        self._session = session

    @abstractmethod
    def current(self) -> str:
        """Return the role that is logged in."""

    @abstractmethod
    def database(self) -> str:
        """Return the name of the session's database."""

    @abstractmethod
    def refusal(self, error: Exception) -> str | None:
        """Return the server's sentence if the logged-in role lacks a privilege, or None for another error."""

    @abstractmethod
    def is_reserved_name(self, error: Exception) -> bool:
        """Return whether the server refused the name of a role."""

    @abstractmethod
    def has_role(self, role: str) -> bool:
        """Return whether the server has a role of this name."""

    @abstractmethod
    def create_role(self, role: str) -> None:
        """Create a role that may log in, without a password or tokens."""

    @abstractmethod
    def set_password(self, role: str, password: Secret | None) -> None:
        """Set the role's password; None removes it."""

    @abstractmethod
    def takes_tokens(self, role: str) -> bool:
        """Return whether the role logs in with tokens, which excludes a password."""

    @abstractmethod
    def allow_tokens(self, role: str) -> None:
        """Let the role log in with tokens; raise LookupError on a server outside RDS."""

    @abstractmethod
    def refuse_tokens(self, role: str) -> None:
        """Let the role log in with its password again; raise PermissionError if only another role can revoke them."""

    @abstractmethod
    def allow_rows(self, role: str) -> list[str]:
        """Let the role use the rows of existing tables, and of tables that the logged-in role creates later.

        Returns the tables and sequences that the role still may not use, since the logged-in role cannot grant access.
        """

    @abstractmethod
    def named_timeouts(
        self, *, statement_timeout_ms: int, idle_in_transaction_timeout_ms: int
    ) -> Mapping[str, int | None]:
        """Return the timeouts by the names of the server's settings."""

    @abstractmethod
    def read_timeouts(self, role: str) -> Mapping[str, int | None]:
        """Return the role's timeouts in this database in milliseconds, or None where none is set.

        Raises LookupError when the role does not exist.
        """

    @abstractmethod
    def write_timeouts(self, role: str, timeouts: Mapping[str, int | None]) -> None:
        """Set the timeouts of the role in every database."""

    @abstractmethod
    def right_to_alter(self, role: str, login: str) -> str:
        """Return how the logged-in role `login` gets the right to set the timeouts of `role`."""
