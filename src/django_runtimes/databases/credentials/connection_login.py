"""The login of a connection, and the error when there is none."""

from dataclasses import dataclass, field

from psycopg import OperationalError

from django_runtimes.config.secret import Secret


@dataclass(frozen=True)
class ConnectionLogin:
    """The user and password of one connection."""

    user: str
    password: Secret = field(repr=False)


class CredentialsError(OperationalError):
    """No login is available; this is an OperationalError, since the next attempt may succeed."""
