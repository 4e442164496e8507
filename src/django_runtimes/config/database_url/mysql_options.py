"""The connection options of MySQL, in a URL or in OPTIONS, under the names of this library's engine."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.choices import SslMode

# MySQL's own names for the modes.
_MODES = {
    "DISABLED": SslMode.DISABLE,
    "PREFERRED": SslMode.PREFER,
    "REQUIRED": SslMode.REQUIRE,
    "VERIFY_CA": SslMode.VERIFY_CA,
    "VERIFY_IDENTITY": SslMode.VERIFY_FULL,
}
# The clients of MySQL and MariaDB, mysqlclient and PyMySQL use these names.
_NAMES = {
    "ssl_mode": "sslmode",
    "ssl_ca": "sslrootcert",
    "ssl_cert": "sslcert",
    "ssl_key": "sslkey",
}
_SECONDS = ("connect_timeout", "read_timeout", "write_timeout")
_TEXTS = (
    *("sslmode", "sslrootcert", "sslcert", "sslkey"),
    *("charset", "collation", "isolation_level", "sql_mode", "init_command"),
)


def mysql_options(given: Mapping[str, str], place: str) -> dict[str, Any]:
    """Return the options of a URL; raise ConfigurationError for an unknown one, which `place` has."""
    options: dict[str, Any] = {}
    for written, value in given.items():
        name = written.lower().replace("-", "_")
        name = _NAMES.get(name, name)
        if name in _SECONDS:
            options[name] = seconds(written, value, place)
        elif name in _TEXTS:
            options[name] = ssl_mode(value, place) if name == "sslmode" else value
        else:
            known = ", ".join(sorted((*_SECONDS, *_TEXTS)))
            raise ConfigurationError(
                f"{place} has the option {written!r}, which MySQL's engine does not know; remove it, or choose one "
                f"of: {known}"
            )
    return options


def ssl_mode(text: str, place: str) -> SslMode:
    """Return the mode, by this library's name or MySQL's; raise ConfigurationError for an unknown one."""
    mode = _MODES.get(text.upper().replace("-", "_"), text)
    if mode not in set(SslMode):
        raise ConfigurationError(f"sslmode={text!r} ({place}) is unknown; choose one of: {', '.join(sorted(SslMode))}")
    return SslMode(mode)


def renamed_options(options: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return OPTIONS of an entry of DATABASES, with those about TLS under this library's names.

    Raise ConfigurationError for a mode that does not exist, and for options that only mysqlclient has.
    """
    ssl = options.get("ssl")
    nested = {f"ssl_{name}": value for name, value in ssl.items()} if isinstance(ssl, Mapping) else {}
    if unknown := sorted(set(nested) - set(_NAMES)):
        raise ConfigurationError(
            f"{place} has 'ssl' with {unknown[0].removeprefix('ssl_')!r}, which MySQL's engine does not know; remove "
            "it, or give an ssl.SSLContext"
        )
    renamed: dict[str, Any] = {}
    for name, value in {**nested, **options}.items():
        if name == "ssl" and nested:
            continue
        renamed[_NAMES.get(name, name)] = value
    if renamed.get("sslmode"):
        renamed["sslmode"] = ssl_mode(str(renamed["sslmode"]), place)
    return renamed


def seconds(name: str, value: str, place: str) -> int:
    """Return the number of seconds; raise ConfigurationError for any other text."""
    if not (value.isascii() and value.isdigit()) or not 0 < int(value) <= 86_400:
        raise ConfigurationError(f"{place} has {name}={value!r}, which is not a number of seconds from 1 to 86400")
    return int(value)
