"""`webapp doctor` against a real PostgreSQL server."""

import json

import psycopg
import pytest
from psycopg import sql

from django_runtimes.config.database_url.url import parse_database_url
from tests.integration.doctor.examination import REQUIRED, TIMEOUTS, UNREACHABLE, available, doctor, findings

pytestmark = pytest.mark.profile_free


def test_operations_count_against_the_databases_limit(database_server, database):
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 32").format(sql.Identifier(database)))

    examined = doctor("budget", "--json", **REQUIRED, DATABASE_URL=database_server.url(database))

    assert ("wrong", f"database {database}: 34 connections may be needed at once, 32 are available") in findings(
        examined, "budget"
    )
    assert examined.returncode == 1


def test_a_sound_configuration_gives_exit_code_0(database_server, database, alter):
    alter(**dict.fromkeys(TIMEOUTS, "8s"))

    examined = doctor(**REQUIRED, DATABASE_URL=database_server.url(database))

    assert examined.returncode == 0, examined.stdout
    assert examined.stderr == ""
    assert examined.stdout.splitlines()[-1] == "findings: 7 ok, 3 skipped"
    assert max(map(len, examined.stdout.splitlines())) <= 80
    assert f"    = available                       {available(database_server)}\n" in examined.stdout


def test_the_json_has_every_section(database_server, database):
    examined = doctor("--json", **REQUIRED, DATABASE_URL=database_server.url(database))

    answer = json.loads(examined.stdout)
    assert list(answer) == ["schema", "exit_code", "sections"]
    assert (answer["schema"], answer["exit_code"]) == (1, examined.returncode)
    names = [section["name"] for section in answer["sections"]]
    assert names == ["runtime", "settings", "database", "budget", "store", "media", "aws"]
    assert {key for section in answer["sections"] for finding in section["findings"] for key in finding} == {
        "level", "text", "remedy", "rows",
    }  # fmt: skip


def test_missing_timeouts_of_the_web_role_are_wrong(database_server, database, alter):
    alter(statement_timeout="8s")

    examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=database_server.url(database))

    assert (
        "wrong",
        f"web login, direct route: the role {database_server.role} has no idle_in_transaction_session_timeout",
    ) in findings(examined, "database")
    assert examined.returncode == 1


def test_a_superuser_as_the_web_role_gets_a_warning(database_server):
    url = database_server.administration_url

    examined = doctor("database", "--json", **REQUIRED, DATABASE_URL=url)

    assert (
        "warning",
        f"web login, direct route: {parse_database_url(url).user} administers the server, so an injected "
        "statement may do anything",
    ) in findings(examined, "database")


@pytest.mark.parametrize(("variables", "warned"), [({}, False), ({"PGTZ": "Europe/Berlin"}, True)])
def test_a_time_zone_that_django_resets_gets_a_warning(database_server, database, alter, variables, warned):
    alter(timezone="Asia/Tokyo")

    examined = doctor("database", "--json", **REQUIRED, **variables, DATABASE_URL=database_server.url(database))

    zones = [text for level, text in findings(examined, "database") if "time zone" in text]
    assert len(zones) == warned
    assert all("is Europe/Berlin, so Django sets UTC" in text for text in zones)


def test_an_exceeded_budget_gives_exit_code_1(database_server, database):
    slots = available(database_server)

    examined = doctor(
        "budget",
        "--json",
        **REQUIRED,
        DATABASE_URL=database_server.url(database),
        WEBAPP_DB_RESERVED_CONNECTIONS=str(slots),
    )

    assert examined.returncode == 1
    assert findings(examined, "budget") == [
        ("wrong", f"the server: {34 + slots} connections may be needed at once, {slots} are available")
    ]


def test_an_unreachable_server_leaves_the_budget_unproven():
    examined = doctor("database", "budget", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE)

    ((level, text),) = findings(examined, "database")
    assert level == "wrong"
    assert text.startswith("web login, direct route: ")
    assert "Connection refused" in text
    assert findings(examined, "budget") == [
        ("wrong", "the server: not proven to have enough connections; unknown: max_connections")
    ]
    assert examined.returncode == 1


def test_offline_the_servers_limit_comes_from_a_variable():
    examined = doctor(
        "database", "budget", "--offline", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_DB_MAX_CONNECTIONS="100"
    )

    assert examined.returncode == 0
    assert "39 connections may be needed at once, 97 are available" in examined.stdout
