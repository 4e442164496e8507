"""The questions of a comparison to a database server, which each engine answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from django_runtimes.cli.project.settings_check import LoadedSettings


class DatabaseServer(Protocol):
    """A database server of a comparison, started by it or not."""

    @property
    def administration_url(self) -> str:
        """The URL for creating databases and reading statistics."""
        ...

    @property
    def version(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings for the run's record, as the server reports them."""
        ...

    def url(self, database: str) -> str:
        """Return a URL of one database, with its login."""
        ...

    def application_url(self, database: str) -> str:
        """Return the URL for the project's processes, with a TLS mode if this server has no TLS."""
        ...


class ConnectionCounter(Protocol):
    """Counts the connections of databases, on one connection of its own; each method raises CompareError."""

    async def open(self) -> None:
        """Connect."""
        ...

    async def close(self) -> None:
        """Disconnect; a connection that is lost already is no error."""
        ...

    async def held(self, databases: Sequence[str]) -> dict[str, int]:
        """Return how many connections each database has now; one without any may be missing."""
        ...

    async def opened(self, database: str) -> int:
        """Return how many connections were opened so far, as far as the server has counted them."""
        ...

    async def transactions(self, database: str) -> int:
        """Return how many transactions of all clients ended so far, as far as the server has counted them."""
        ...


class ComparedEngine(ABC):
    """One database engine in a comparison."""

    # The name of the product in messages, and of its settings in run.json.
    product: str
    record_key: str
    # Whether the statements of its clients can be read on their way, to count those that would pin RDS Proxy.
    counts_pins: bool

    @abstractmethod
    def open_server(self, database_url: str | None) -> AbstractContextManager[DatabaseServer]:
        """Return the server at a URL, or one that ends with the context; UsageError if there can be none at a URL."""

    @abstractmethod
    def create_database(self, server: DatabaseServer, name: str, *, template: str | None = None) -> None:
        """Create a database, as a copy of `template` if given; raise CompareError if that fails."""

    @abstractmethod
    def drop_database(self, server: DatabaseServer, name: str) -> None:
        """Drop a database if it exists, and disconnect its clients."""

    @abstractmethod
    def prepare(self, server: DatabaseServer, database: str, settings: LoadedSettings) -> list[str]:
        """Create what OPTIONS of the settings name in a server of the comparison's own; return a line about it."""

    @abstractmethod
    def found_keys(self, database_url: str, keys_sql: str) -> list[str]:
        """Return the key of every row that the workload wrote; raise CompareError when its SQL fails."""

    @abstractmethod
    def counter(self, server: DatabaseServer) -> ConnectionCounter:
        """Return what counts the connections of the server's databases."""

    @abstractmethod
    def tls(self, server: DatabaseServer) -> str | None:
        """Return how targets reach a server of the comparison's own; None for a server of the user."""
