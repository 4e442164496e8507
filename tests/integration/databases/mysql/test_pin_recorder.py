"""What the pin lint sees of MySQL's engine on a real MariaDB."""

import pytest

from django_runtimes.config.values.runtime import Runtime
from django_runtimes.pinning.linted_route import DATA_API, PROXY
from django_runtimes.pinning.mysql.mysql_rules import NAMED_LOCK, VARIABLE
from django_runtimes.pinning.recorder import recording
from tests.integration.databases.mysql.mysql_entries import mysql_entry_of
from tests.mariadb import execute

pytestmark = pytest.mark.profile_free


@pytest.fixture
def sent():
    """The statements that were sent so far."""
    statements = []
    with recording(statements.append):
        yield statements


def test_a_session_of_the_proxy_route_sends_nothing_that_pins(mariadb_server, open_wrapper, sent):
    port = str(mariadb_server.port)
    proxied = {"WEBAPP_DB_PROXY_HOST": "127.0.0.1", "WEBAPP_DB_PROXY_PORT": port}
    wrapper = open_wrapper(**mysql_entry_of(mariadb_server.url("engine_shop"), Runtime.AWS_LAMBDA, **proxied))

    with wrapper.cursor() as cursor:
        cursor.execute("SELECT name FROM orders WHERE name = %s", ["GET_LOCK('x', 1)"])
        wrapper.set_autocommit(False)
        cursor.execute("INSERT INTO orders VALUES (900, 'é')")
        wrapper.rollback()
        wrapper.set_autocommit(True)

    assert "SELECT name FROM orders WHERE name = 'GET_LOCK(\\'x\\', 1)'" in [each.text for each in sent]
    assert [(each.text, PROXY.statement_rules(each)) for each in sent if PROXY.statement_rules(each)] == []


def test_statements_of_the_application_that_pin_are_seen(open_wrapper, sent):
    with open_wrapper().cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", ["pin"])

    broken = {rule: each.text for each in sent for rule in PROXY.statement_rules(each)}

    assert broken[NAMED_LOCK] == "SELECT GET_LOCK('pin', 0)"
    # On the direct route the engine sets the session's limits.
    assert broken[VARIABLE].startswith("SET SESSION ")


def test_the_lint_of_the_data_api_leaves_mysql_out(open_wrapper, sent):
    with open_wrapper().cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", ["pin"])

    assert [rule for each in sent for rule in DATA_API.statement_rules(each)] == []


def test_a_tests_own_connection_is_left_out(mariadb_server, sent):
    execute(mariadb_server.administration_url, "SELECT 1")

    assert sent == []
