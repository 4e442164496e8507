"""Which options PyMySQL and Django's engine for MySQL accept, and which values."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError

_OF_DRIVER = """
auth_plugin_map autocommit binary_prefix bind_address charset client_flag collation connect_timeout conv cursorclass
database db host init_command local_infile max_allowed_packet passwd password port program_name read_default_file
read_default_group read_timeout server_public_key sql_mode ssl unix_socket use_unicode user write_timeout
"""
# The options of Django's engine and of this library's.
_OF_ENGINE = """
isolation_level sslmode sslrootcert sslcert sslkey statement_timeout idle_transaction_timeout keepalives keepalives_idle
keepalives_interval keepalives_count tcp_user_timeout
"""
_OF_SERVER = """
armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr gb18030 gb2312 gbk
geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 ujis utf8
utf8mb3 utf8mb4
"""
# A unit test compares these names with PyMySQL's own.
DRIVER_OPTIONS = frozenset(_OF_DRIVER.split())
CHARSETS = frozenset(_OF_SERVER.split())
_KNOWN = DRIVER_OPTIONS | set(_OF_ENGINE.split())
# Parameters of PyMySQL that this engine does not pass on, with what to do instead.
REFUSED_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "compress": "remove it",
        "defer_connect": "remove it",
        "named_pipe": "remove it",
        "ssl_disabled": "write sslmode instead",
        "ssl_key_password": "give an ssl.SSLContext as 'ssl' instead",
        "ssl_verify_cert": "write sslmode='verify-ca' instead",
        "ssl_verify_identity": "write sslmode='verify-full' instead",
    }
)
_LONGEST_CONNECT_TIMEOUT_S = 31_536_000
_ISOLATION_LEVELS = ("read uncommitted", "read committed", "repeatable read", "serializable")


class _Rule(NamedTuple):
    """What a value must be."""

    is_met: Callable[[Any], bool]
    text: str


def require_known_options(options: Mapping[str, Any], place: str) -> None:
    """Raise ConfigurationError for an option that the engine does not know; `place` has the options."""
    for name in options:
        if name in REFUSED_OPTIONS:
            raise ConfigurationError(
                f"{place} has the option {name!r}, which MySQL's engine does not support; {REFUSED_OPTIONS[name]}"
            )
        if name not in _KNOWN:
            raise ConfigurationError(
                f"{place} has the option {name!r}, which MySQL's engine does not know; remove it or correct its name"
            )


def require_valid_values(options: Mapping[str, Any], place: str) -> None:
    """Raise ConfigurationError for a value that the driver or Django would refuse at the first connection."""
    for name, rule in _RULES.items():
        if name in options and not rule.is_met(options[name]):
            raise ConfigurationError(f"{place} has {name}={options[name]!r}, which is not {rule.text}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


_WAIT = _Rule(lambda value: value is None or (_is_number(value) and value > 0), "a number of seconds above 0")
_LIMIT = _Rule(
    lambda value: value is None or (_is_number(value) and value >= 0), "a number of seconds, or 0 for no limit"
)
_COUNT = _Rule(_is_count, "a whole number of 0 or more")
_TEXT = _Rule(_is_text, "a text")
_RULES: Mapping[str, _Rule] = {
    "connect_timeout": _Rule(
        lambda value: _is_number(value) and 0 < value <= _LONGEST_CONNECT_TIMEOUT_S,
        f"a number of seconds above 0 and up to {_LONGEST_CONNECT_TIMEOUT_S}",
    ),
    "read_timeout": _WAIT,
    "write_timeout": _WAIT,
    "statement_timeout": _LIMIT,
    "idle_transaction_timeout": _LIMIT,
    "keepalives": _COUNT,
    "keepalives_idle": _COUNT,
    "keepalives_interval": _COUNT,
    "keepalives_count": _COUNT,
    "tcp_user_timeout": _COUNT,
    "port": _Rule(lambda value: _is_count(value) and value <= 65_535, "a port, a whole number up to 65535"),
    "charset": _Rule(
        lambda value: not value or (isinstance(value, str) and value.lower() in CHARSETS),
        "a character set of MySQL, such as 'utf8mb4'",
    ),
    "isolation_level": _Rule(
        lambda value: not value or (isinstance(value, str) and value.lower() in _ISOLATION_LEVELS),
        f"an isolation level; choose one of: {', '.join(_ISOLATION_LEVELS)}",
    ),
    "collation": _TEXT,
    "sql_mode": _TEXT,
    "init_command": _TEXT,
}
