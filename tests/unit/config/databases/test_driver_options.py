"""OPTIONS of the entries of DATABASES for Oracle and SQL Server."""

import inspect

import oracledb
import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.driver_option_rules import ORACLEDB_OPTIONS
from django_runtimes.config.databases.database_settings import database_settings, further_database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime

ORACLE, MSSQL = "django.db.backends.oracle", "mssql"


def entries_of(engine: str, options: dict, **variables: str) -> list[dict]:
    """Return the entry as `default`, and as another database."""
    project = {"ENGINE": engine, "HOST": "db.example", "PORT": 2484, "NAME": "shop", "USER": "app", "OPTIONS": options}
    environment = Environment(variables)
    profile = choose_profile(Runtime.AWS_ECS, environment, project)
    return [decide(environment, profile, project) for decide in (database_settings, further_database_settings)]


def test_every_argument_of_python_oracledb_is_known():
    assert set(inspect.signature(oracledb.connect).parameters) <= ORACLEDB_OPTIONS


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        (ORACLE, {"threaded": True}, "OPTIONS has 'threaded', which the engine of Oracle does not know; remove it"),
        (ORACLE, {"statement_timeout": "5"}, "has statement_timeout='5', which is not a number of seconds, or 0 for"),
        (ORACLE, {"connect_timeout": -1}, "has connect_timeout=-1, which is not a number of seconds"),
        (ORACLE, {"tcp_connect_timeout": "20"}, "has tcp_connect_timeout='20', which is not a number of seconds"),
        (ORACLE, {"name_is_sid": "no"}, "has name_is_sid='no', which is not True or False"),
        (MSSQL, {"connect_timeout": "10"}, "has connect_timeout='10', which is not a whole number of 0 or more"),
        (MSSQL, {"connection_timeout": 1.5}, "has connect_timeout=1.5, which is not a whole number of 0 or more"),
        (MSSQL, {"query_timeout": None}, "has statement_timeout=None, which is not a whole number of 0 or more"),
        (MSSQL, {"connection_retries": "3"}, "has connection_retries='3', which is not a whole number"),
        (MSSQL, {"isolation_level": "chaos"}, "has isolation_level='chaos', which is not an isolation level; choose"),
        (MSSQL, {"extra_params": 5}, "has extra_params=5, which is not a text"),
        (MSSQL, {"sslrootcert": "/etc/roots.pem"}, "OPTIONS has 'sslrootcert', but the driver of SQL Server reads"),
        (MSSQL, {"query_timeout": 5, "statement_timeout": 6}, "'query_timeout' and 'statement_timeout', which are"),
    ],
)
def test_an_option_that_would_fail_or_do_nothing_is_refused(engine, options, message):
    with pytest.raises(ConfigurationError) as error:
        entries_of(engine, options)

    assert message in str(error.value)


def test_the_timeouts_of_mssql_django_are_kept_unless_a_variable_sets_them():
    own = {"connection_timeout": 20, "query_timeout": 60, "isolation_level": "SNAPSHOT"}

    for entry in entries_of(MSSQL, own):
        kept = {"connect_timeout": 20, "statement_timeout": 60, "isolation_level": "SNAPSHOT"}
        assert entry["OPTIONS"].items() >= kept.items()
        assert not {"connection_timeout", "query_timeout"} & set(entry["OPTIONS"])
    for entry in entries_of(MSSQL, own, WEBAPP_DB_STATEMENT_TIMEOUT_S="5"):
        assert (entry["OPTIONS"]["connect_timeout"], entry["OPTIONS"]["statement_timeout"]) == (20, 5)


def test_a_url_with_an_isolation_level_that_does_not_exist_is_refused():
    environment = Environment({"DATABASE_URL": "mssql://app:pass@db.example/shop?isolation_level=chaos"})

    with pytest.raises(ConfigurationError, match="DATABASE_URL has isolation_level='chaos', which is not an isolation"):
        database_settings(environment, choose_profile(Runtime.AWS_ECS, environment))
