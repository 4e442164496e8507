"""Whether psycopg finds PostgreSQL's client library, which its package alone does not bring."""

from django_runtimes.config.configuration_error import ConfigurationError


def require_libpq() -> None:
    """ConfigurationError where psycopg finds no libpq, without which no PostgreSQL can be reached."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "psycopg finds no libpq, PostgreSQL's client library; install psycopg[binary], which carries it, or the "
            "system's (Debian: apt-get install libpq5)"
        ) from None
