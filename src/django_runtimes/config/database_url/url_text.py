"""Checks parts of a URL whose text may be the password."""

from django_runtimes.config.configuration_error import ConfigurationError

_MAX_PORT = 65535


def has_bare_delimiter(rest: str) -> bool:
    """Return whether a part of the login, after the scheme, would be read as the host or the database."""
    login, at, address = rest.partition("@")
    return "@" in address or bool(at and "/" in login)


def port_in_range(text: str, remedy: str) -> int:
    """Return the port; raise ConfigurationError if the text is not a port."""
    # The port is not shown, because in a URL without a host this part is the password.
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= _MAX_PORT:
        raise ConfigurationError(f"DATABASE_URL has a port that is not a number from 1 to {_MAX_PORT}; {remedy}")
    return int(text)
