"""Connections of a comparison's own to its MariaDB."""

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.extras import how_to_install

if TYPE_CHECKING:
    from pymysql.connections import Connection

_CONNECT_TIMEOUT_S = 30


def connect_to(url: str) -> "Connection":
    """Connect to the server at a mariadb:// URL, in autocommit mode; raise the driver's error if it fails."""
    import pymysql

    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.removeprefix("/")),
        charset="utf8mb4",
        connect_timeout=_CONNECT_TIMEOUT_S,
        autocommit=True,
    )


def driver_error() -> type[Exception]:
    """Return the class of the driver's errors."""
    from pymysql.err import Error

    error: type[Exception] = Error
    return error


def require_driver() -> None:
    """Raise CompareError, with the remedy, if the driver is not installed."""
    try:
        import pymysql  # noqa: F401
    except ImportError:
        raise CompareError(
            f"targets on MySQL need the package PyMySQL, which is not installed; {how_to_install('mysql')}"
        ) from None
