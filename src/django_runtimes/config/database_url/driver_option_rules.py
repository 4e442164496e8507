"""Which options the engines for Oracle and SQL Server accept in an entry of DATABASES, and which values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.option_rules import (
    COUNT,
    LIMIT,
    TEXT,
    OptionRule,
    is_number,
    one_of,
    require_valid_values,
)
from django_runtimes.config.values.data_paths import Engine

_OF_PYTHON_ORACLEDB = """
access_token appcontext cclass config_dir conn_class connection_id_prefix debug_jdwp disable_oob driver_name dsn edition
events expire_time externalauth extra_auth_params handle host https_proxy https_proxy_port instance_name machine
matchanytag mode newpassword on_connect_callback operation_callback osuser params password pool pool_alias
pool_boundary pool_name port program protocol proxy_user purity retry_count retry_delay round_trip_callback sdu
server_type service_name shardingkey sid ssl_context ssl_server_cert_dn ssl_server_dn_match ssl_version stmtcachesize
supershardingkey tag tcp_connect_timeout terminal thick_mode_dsn_passthrough transaction_priority use_eztls use_sni
use_tcp_fast_open user wallet_location wallet_password
"""
_OF_ORACLES_ENGINE = "connect_timeout name_is_sid sslmode sslrootcert statement_timeout use_returning_into"
# A unit test compares these names with python-oracledb's own.
ORACLEDB_OPTIONS = frozenset(_OF_PYTHON_ORACLEDB.split())
_KNOWN_TO_ORACLE = ORACLEDB_OPTIONS | set(_OF_ORACLES_ENGINE.split())
# The names of mssql-django for options of every engine here.
_NAMES: Mapping[Engine, Mapping[str, str]] = {
    Engine.MSSQL: {"connection_timeout": "connect_timeout", "query_timeout": "statement_timeout"}
}
_ISOLATION_LEVELS = ("read uncommitted", "read committed", "repeatable read", "snapshot", "serializable")
_FLAG = OptionRule(lambda value: isinstance(value, bool), "True or False")
_PAUSE = OptionRule(lambda value: is_number(value) and value >= 0, "a number of seconds")
RULES: Mapping[Engine, Mapping[str, OptionRule]] = MappingProxyType(
    {
        Engine.ORACLE: {
            "connect_timeout": LIMIT,
            "statement_timeout": LIMIT,
            "tcp_connect_timeout": _PAUSE,
            "name_is_sid": _FLAG,
        },
        Engine.MSSQL: {
            # The driver converts no text and no fraction.
            "connect_timeout": COUNT,
            "statement_timeout": COUNT,
            "connection_retries": COUNT,
            "connection_retry_backoff_time": _PAUSE,
            "isolation_level": one_of(_ISOLATION_LEVELS, "an isolation level"),
            "collation": TEXT,
            "extra_params": TEXT,
        },
    }
)


def checked_options(given: Mapping[str, Any], engine: Engine, product: str) -> dict[str, Any]:
    """Return OPTIONS of an entry under the names of this library's engines.

    Raise ConfigurationError for an option that would fail or have no effect, and for a value that would fail at the
    first connection.
    """
    names = _NAMES.get(engine, {})
    for other, name in names.items():
        if other in given and name in given:
            raise ConfigurationError(f"OPTIONS has {other!r} and {name!r}, which are the same; remove one of them")
    options = {names.get(name, name): value for name, value in given.items()}
    if engine is Engine.ORACLE and (unknown := sorted(options.keys() - _KNOWN_TO_ORACLE)):
        raise ConfigurationError(
            f"OPTIONS has {unknown[0]!r}, which the engine of {product} does not know; remove it or correct its name"
        )
    if engine is Engine.MSSQL and "sslrootcert" in options:
        raise ConfigurationError(
            f"OPTIONS has 'sslrootcert', but the driver of {product} reads root certificates from the system's store "
            "only; add the file to the store (`webapp docs oracle-sql-server`), and remove the option"
        )
    require_valid_values(options, "OPTIONS", RULES[engine])
    return options
