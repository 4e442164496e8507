"""Checks that psycopg finds libpq, which its pure-Python package does not include."""

from django_runtimes.config.configuration_error import ConfigurationError


def require_libpq() -> None:
    """Raise ConfigurationError when psycopg finds no libpq."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "psycopg finds no libpq, PostgreSQL's client library; install psycopg[binary], which includes it, or the "
            "system's package (Debian: apt-get install libpq5)"
        ) from None
