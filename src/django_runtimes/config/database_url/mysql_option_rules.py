"""Which options PyMySQL and Django's engine for MySQL accept, and which values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.option_rules import (
    COUNT,
    LIMIT,
    TEXT,
    OptionRule,
    is_count,
    is_number,
    one_of,
)

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


_WAIT = OptionRule(lambda value: value is None or (is_number(value) and value > 0), "a number of seconds above 0")
MYSQL_RULES: Mapping[str, OptionRule] = {
    "connect_timeout": OptionRule(
        lambda value: is_number(value) and 0 < value <= _LONGEST_CONNECT_TIMEOUT_S,
        f"a number of seconds above 0 and up to {_LONGEST_CONNECT_TIMEOUT_S}",
    ),
    "read_timeout": _WAIT,
    "write_timeout": _WAIT,
    "statement_timeout": LIMIT,
    "idle_transaction_timeout": LIMIT,
    "keepalives": COUNT,
    "keepalives_idle": COUNT,
    "keepalives_interval": COUNT,
    "keepalives_count": COUNT,
    "tcp_user_timeout": COUNT,
    "port": OptionRule(lambda value: is_count(value) and value <= 65_535, "a port, a whole number up to 65535"),
    "charset": OptionRule(
        lambda value: not value or (isinstance(value, str) and value.lower() in CHARSETS),
        "a character set of MySQL, such as 'utf8mb4'",
    ),
    "isolation_level": one_of(_ISOLATION_LEVELS, "an isolation level"),
    "collation": TEXT,
    "sql_mode": TEXT,
    "init_command": TEXT,
}
