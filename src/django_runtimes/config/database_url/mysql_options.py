"""The connection options of MySQL, in a URL or in OPTIONS, under the names of this library's engine."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.mysql_option_rules import MYSQL_RULES, REFUSED_OPTIONS, require_known_options
from django_runtimes.config.database_url.option_rules import require_valid_values
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
    require_valid_values(options, place, MYSQL_RULES)
    return options


def ssl_mode(text: str, place: str) -> SslMode:
    """Return the mode, by this library's name or MySQL's; raise ConfigurationError for an unknown one."""
    mode = _MODES.get(text.upper().replace("-", "_"), text)
    if mode not in set(SslMode):
        raise ConfigurationError(f"sslmode={text!r} ({place}) is unknown; choose one of: {', '.join(sorted(SslMode))}")
    return SslMode(mode)


def renamed_options(options: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return OPTIONS of an entry of DATABASES, with those about TLS under this library's names.

    `ssl` is in the result only if it is an ssl.SSLContext; an empty mapping or False chooses nothing, and True requires
    TLS, as it does with mysqlclient.

    Raise ConfigurationError for an option that neither PyMySQL nor the engine has, for a value that they would refuse,
    and for a mode that does not exist.
    """
    renamed: dict[str, Any] = {}
    for written, value in {**_about_tls(options.get("ssl"), place), **options}.items():
        # Packages that parse a URL keep the names of MySQL's clients, such as ssl-mode.
        name = written.replace("-", "_")
        # False or None does not ask for an unsupported option.
        if name != "ssl" and (value or name not in REFUSED_OPTIONS):
            renamed[_NAMES.get(name, name)] = value
    if _is_context(options.get("ssl")):
        renamed["ssl"] = options["ssl"]
    require_known_options(renamed, place)
    require_valid_values(renamed, place, MYSQL_RULES)
    if renamed.get("sslmode"):
        renamed["sslmode"] = ssl_mode(str(renamed["sslmode"]), place)
    return renamed


def _about_tls(given: Any, place: str) -> dict[str, Any]:
    """Return the options that `ssl` contains, by names such as `ssl_ca`."""
    if not given or _is_context(given):
        return {}
    if given is True:
        return {"ssl_mode": "REQUIRED"}
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"{place} has ssl={given!r}, which is neither a mapping nor an ssl.SSLContext; write sslmode and "
            "sslrootcert instead"
        )
    nested = {f"ssl_{name}": value for name, value in given.items() if value is not None}
    if unknown := sorted(set(nested) - set(_NAMES)):
        raise ConfigurationError(
            f"{place} has 'ssl' with {unknown[0].removeprefix('ssl_')!r}, which MySQL's engine does not know; remove "
            "it, or give an ssl.SSLContext"
        )
    return nested


def _is_context(value: Any) -> bool:
    if value is None or isinstance(value, bool | str | Mapping):
        return False
    # Imported only for such a value: a process without TLS need not load OpenSSL.
    from ssl import SSLContext

    return isinstance(value, SSLContext)


def seconds(name: str, value: str, place: str) -> int:
    """Return the number of seconds; raise ConfigurationError for any other text."""
    if not (value.isascii() and value.isdigit()) or not 0 < int(value) <= 86_400:
        raise ConfigurationError(f"{place} has {name}={value!r}, which is not a number of seconds from 1 to 86400")
    return int(value)
