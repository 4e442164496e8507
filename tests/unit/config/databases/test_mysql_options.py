"""OPTIONS of MySQL's entries: names and values that PyMySQL or Django would refuse at the first connection."""

import inspect
import ssl

import pytest
from pymysql import charset
from pymysql.connections import Connection

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.mysql_option_rules import CHARSETS, DRIVER_OPTIONS, REFUSED_OPTIONS
from django_runtimes.config.database_url.mysql_options import mysql_options, renamed_options
from django_runtimes.config.values.choices import SslMode

# These have this library's names in an entry.
RENAMED = {"ssl_ca", "ssl_cert", "ssl_key"}


def test_every_argument_of_the_driver_is_known():
    arguments = set(inspect.signature(Connection.__init__).parameters) - {"self"}

    assert DRIVER_OPTIONS | set(REFUSED_OPTIONS) | RENAMED == arguments


def test_every_character_set_of_the_driver_is_known():
    assert set(charset._charsets._by_name) | {"utf8"} == CHARSETS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"foo": 1}, "OPTIONS has the option 'foo', which MySQL's engine does not know; remove it or correct its name"),
        ({"pool": True}, "has the option 'pool', which MySQL's engine does not know"),
        ({"auth_plugin": "x"}, "has the option 'auth_plugin', which MySQL's engine does not know"),
        ({"compress": True}, "has the option 'compress', which MySQL's engine does not support; remove it"),
        ({"ssl_disabled": True}, "has the option 'ssl_disabled', which MySQL's engine does not support; write sslmode"),
        ({"ssl_verify_identity": True}, "write sslmode='verify-full' instead"),
        ({"ssl_key_password": "hunter2"}, "give an ssl.SSLContext as 'ssl' instead"),
        ({"connect_timeout": "10"}, "has connect_timeout='10', which is not a number of seconds above 0"),
        ({"connect_timeout": 0}, "has connect_timeout=0, which is not"),
        ({"connect_timeout": None}, "has connect_timeout=None, which is not"),
        ({"read_timeout": 0}, "has read_timeout=0, which is not a number of seconds above 0"),
        ({"statement_timeout": "5"}, "has statement_timeout='5', which is not a number of seconds, or 0 for no limit"),
        ({"idle_transaction_timeout": True}, "has idle_transaction_timeout=True, which is not a number of seconds"),
        ({"tcp_user_timeout": "2000"}, "has tcp_user_timeout='2000', which is not a whole number"),
        ({"port": "3307"}, "has port='3307', which is not a port"),
        ({"port": 65_536}, "has port=65536, which is not a port"),
        ({"charset": "nope"}, "has charset='nope', which is not a character set of MySQL"),
        ({"isolation_level": "foo"}, "has isolation_level='foo', which is not an isolation level; choose one of: read"),
        ({"sql_mode": 1}, "has sql_mode=1, which is not a text"),
        ({"ssl": "yes"}, "has ssl='yes', which is neither a mapping nor an ssl.SSLContext"),
    ],
)
def test_options_that_cannot_work_are_refused(options, message):
    with pytest.raises(ConfigurationError) as refused:
        renamed_options(options, "OPTIONS")

    assert message in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(("name", "value"), [("charset", "nope"), ("isolation_level", "foo")])
def test_a_urls_values_are_checked_too(name, value):
    with pytest.raises(ConfigurationError, match=f"DATABASE_URL has {name}='{value}', which is not"):
        mysql_options({name: value}, "DATABASE_URL")


@pytest.mark.parametrize(
    "options",
    [
        {"charset": "UTF8MB4", "isolation_level": "Repeatable Read", "connect_timeout": 2.5, "read_timeout": None},
        {"isolation_level": None, "statement_timeout": 0, "idle_transaction_timeout": None, "sql_mode": None},
        {"init_command": "SET @a = 1", "local_infile": True, "port": 3307, "client_flag": 2, "autocommit": True},
    ],
)
def test_options_that_work_are_kept(options):
    assert renamed_options(options, "OPTIONS") == options


def test_what_asks_for_nothing_is_left_out():
    assert renamed_options({"compress": False, "named_pipe": None, "ssl_disabled": False}, "OPTIONS") == {}


@pytest.mark.parametrize("given", [{}, False, None, {"ca": None}])
def test_an_empty_ssl_chooses_nothing(given):
    assert renamed_options({"ssl": given}, "OPTIONS") == {}


def test_options_that_a_package_has_read_from_a_url_keep_its_names():
    read = {"ssl-mode": "REQUIRED", "ssl-cert": "/etc/client.pem", "connect-timeout": 3}

    renamed = renamed_options(read, "OPTIONS")

    assert renamed == {"sslmode": SslMode.REQUIRE, "sslcert": "/etc/client.pem", "connect_timeout": 3}
    with pytest.raises(ConfigurationError, match="has the option 'ssl_disabled', which MySQL's engine does not"):
        renamed_options({"ssl-disabled": 1}, "OPTIONS")


def test_ssl_has_several_forms():
    context = ssl.create_default_context()

    assert renamed_options({"ssl": True}, "OPTIONS") == {"sslmode": "require"}
    assert renamed_options({"ssl": {"ca": "/etc/roots.pem"}}, "OPTIONS") == {"sslrootcert": "/etc/roots.pem"}
    assert renamed_options({"ssl": context}, "OPTIONS") == {"ssl": context}
