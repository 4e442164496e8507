"""The connection options of Oracle and SQL Server in a URL, under the names of this library's engines."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.driver_option_rules import RULES
from django_runtimes.config.database_url.mysql_options import seconds, ssl_mode
from django_runtimes.config.database_url.option_rules import require_valid_values
from django_runtimes.config.values.data_paths import Engine

_SECONDS = ("connect_timeout", "statement_timeout")
_ORACLE_TEXTS = ("sslmode", "sslrootcert")
# Microsoft's driver reads root certificates from the system's store only.
_MSSQL_TEXTS = ("sslmode", "isolation_level", "collation")


def oracle_options(given: Mapping[str, str], place: str) -> dict[str, Any]:
    """Return the options of a URL; raise ConfigurationError for an unknown one, which `place` has."""
    return _options(given, place, "Oracle's engine", _ORACLE_TEXTS)


def mssql_options(given: Mapping[str, str], place: str) -> dict[str, Any]:
    """Return the options of a URL; raise ConfigurationError for an unknown one, which `place` has."""
    options = _options(given, place, "the engine for SQL Server", _MSSQL_TEXTS)
    require_valid_values(options, place, RULES[Engine.MSSQL])
    return options


def _options(given: Mapping[str, str], place: str, engine: str, texts: tuple[str, ...]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name in _SECONDS:
            options[name] = seconds(name, value, place)
        elif name in texts:
            options[name] = ssl_mode(value, place) if name == "sslmode" else value
        else:
            known = ", ".join(sorted((*_SECONDS, *texts)))
            raise ConfigurationError(
                f"{place} has the option {name!r}, which {engine} does not know; remove it, or choose one of: {known}"
            )
    return options
