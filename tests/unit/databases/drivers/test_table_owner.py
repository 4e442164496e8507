"""The statements that create the owner of the tables; no server is needed, and none has run them."""

import pytest
from django.core.management.base import CommandError

from django_runtimes.config.secret import Secret
from django_runtimes.databases.interface.table_owner import TableOwner
from django_runtimes.databases.mssql.mssql_owner import MssqlOwner
from django_runtimes.databases.oracle.oracle_owner import OracleOwner

LOGIN = {"role": "webapp", "password": Secret("Abc'123"), "database": "shop"}
GRANT = 'GRANT CREATE SESSION, CREATE TABLE, CREATE VIEW, CREATE SEQUENCE, CREATE PROCEDURE, CREATE TRIGGER TO "WEBAPP"'


class Server:
    """A cursor that records statements; `known` are the names that questions find."""

    def __init__(self, *known: str) -> None:
        self.statements: list[str] = []
        self._known = known
        self._answer: tuple[int | None] | None = None

    def execute(self, statement: str, parameters: list[str] | None = None) -> None:
        if parameters is None:
            self.statements.append(statement)
            return
        (name,) = parameters
        found = f"{statement} {name}" in self._known
        # SQL Server's functions return NULL, where Oracle's query has no row.
        self._answer = (1,) if found else (None,) if "_ID(" in statement else None

    def fetchone(self) -> tuple[int | None] | None:
        return self._answer


def prepare(owner: TableOwner, server: Server, *, renew_password: bool = False, **changed) -> list[str]:
    return owner.prepare(server, **LOGIN | changed, renew_password=renew_password)


def test_oracles_user_is_created_with_a_schema_of_its_own():
    server = Server()

    lines = prepare(OracleOwner(), server)

    assert server.statements == ['CREATE USER "WEBAPP" IDENTIFIED BY "Abc\'123" QUOTA UNLIMITED ON USERS', GRANT]
    assert lines == ["user webapp is created", "user webapp owns the tables of its schema"]


@pytest.mark.parametrize(
    ("renew_password", "expected"), [(False, [GRANT]), (True, ['ALTER USER "WEBAPP" IDENTIFIED BY "Abc\'123"', GRANT])]
)
def test_an_existing_user_of_oracle_gets_a_password_only_on_request(renew_password: bool, expected: list[str]):
    server = Server("SELECT 1 FROM all_users WHERE username = UPPER(%s) webapp")

    prepare(OracleOwner(), server, renew_password=renew_password)

    assert server.statements == expected


def test_sql_server_gets_its_database_and_an_owner():
    server = Server()

    lines = prepare(MssqlOwner(), server)

    assert MssqlOwner.entrance == "master"
    assert server.statements == [
        "CREATE DATABASE [shop]",
        "CREATE LOGIN [webapp] WITH PASSWORD = N'Abc''123'",
        "USE [shop]",
        "CREATE USER [webapp] FOR LOGIN [webapp]",
        "ALTER ROLE db_owner ADD MEMBER [webapp]",
    ]
    assert lines == ["database shop is created", "login webapp is created", "login webapp owns the tables of shop"]


@pytest.mark.parametrize(
    ("renew_password", "changed"), [(False, []), (True, ["ALTER LOGIN [webapp] WITH PASSWORD = N'Abc''123'"])]
)
def test_repeating_the_steps_on_sql_server_changes_nothing_else(renew_password: bool, changed: list[str]):
    server = Server("SELECT DB_ID(%s) shop", "SELECT SUSER_ID(%s) webapp", "SELECT USER_ID(%s) webapp")

    prepare(MssqlOwner(), server, renew_password=renew_password)

    assert server.statements == [*changed, "USE [shop]", "ALTER ROLE db_owner ADD MEMBER [webapp]"]


@pytest.mark.parametrize(
    ("owner", "changed", "expected"),
    [
        (
            OracleOwner(),
            {"role": "web app"},
            "WEBAPP_DB_USER='web app' must be a name of up to 30 letters",
        ),
        (
            OracleOwner(),
            {"role": "_webapp"},
            "WEBAPP_DB_USER='_webapp' must be a name of up to 30 letters",
        ),
        (MssqlOwner(), {"role": "a]b"}, "WEBAPP_DB_USER='a]b' must be a name of up to 128 letters"),
        (
            MssqlOwner(),
            {"database": "a;b"},
            "WEBAPP_DB_NAME='a;b' must be a name of up to 128 letters",
        ),
    ],
)
def test_a_name_that_cannot_be_created_is_refused_before_any_statement(
    owner: TableOwner, changed: dict[str, str], expected: str
):
    server = Server()

    with pytest.raises(CommandError) as refused:
        prepare(owner, server, **changed)
    assert str(refused.value).startswith(expected)
    assert server.statements == []


def test_oracles_service_may_have_a_name_that_nothing_creates():
    server = Server()

    prepare(OracleOwner(), server, database="orders-1.example.com")

    assert server.statements[-1] == GRANT


def test_sql_server_has_hyphens_in_brackets():
    server = Server()

    prepare(MssqlOwner(), server, role="_web-app", database="shop-eu")

    assert server.statements[:2] == ["CREATE DATABASE [shop-eu]", "CREATE LOGIN [_web-app] WITH PASSWORD = N'Abc''123'"]


def test_oracle_has_no_password_with_a_double_quote():
    with pytest.raises(CommandError, match="no password with a double quote"):
        prepare(OracleOwner(), Server(), password=Secret('a"b'))
