"""The web role that owns the tables: the steps on a real server, with PostgreSQL in place of SQL Server."""

import logging
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from django.core.management.base import CommandError
from django.db.utils import load_backend

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.databases.credentials import Login, StoredSecret
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.interface.table_owner import TableOwner
from django_runtimes.databases.postgresql.postgresql_engine import PostgresqlEngine
from django_runtimes.operations.table_owner_creation import create_table_owner
from django_runtimes.operations.web_role_login import WebRoleLogin
from tests.secrets_manager import SecretsManager, secrets_manager

pytestmark = pytest.mark.profile_free

_DEFAULTS: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "TIME_ZONE": None,
    "TEST": {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None},
}
ROLE = WebRoleLogin("keeper", Login("keeper", Secret("quill")))


class Owner(TableOwner):
    """Creates a role and its database, which the web role alone can enter."""

    entrance = "postgres"

    def prepare(self, cursor: Any, *, role: str, password: Secret, database: str, renew_password: bool) -> list[str]:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password!s}'")
            cursor.execute(f"CREATE DATABASE {database} OWNER {role}")
        elif renew_password:
            cursor.execute(f"ALTER ROLE {role} PASSWORD '{password!s}'")
        return [f"{role} owns {database}"]


class Engine(PostgresqlEngine):
    table_owner: ClassVar[TableOwner | None] = Owner()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory):
    with secrets_manager(tmp_path_factory.mktemp("secrets") / "log") as service:
        yield service


@pytest.fixture
def connection(server, stored: SecretsManager, settings, monkeypatch, django_db_blocker):
    """The connection of the web role, whose database does not exist; the administrator's login is stored."""
    for name, value in stored.environ.items():
        monkeypatch.setenv(name, value)
    address = urlsplit(server.administration_url)
    arn = stored.store({"username": address.username, "password": address.password or "unused"})
    settings.DJANGO_RUNTIMES = adopted_by(settings)._replace(administrator=StoredSecret(arn, 300.0))
    environment = Environment({"DATABASE_URL": f"postgresql://keeper:quill@127.0.0.1:{server.port}/attic"})
    entry = database_settings(environment, choose_profile(Runtime.AWS_ECS, environment))
    wrapper = load_backend(entry["ENGINE"]).DatabaseWrapper({**_DEFAULTS, **entry}, "default")
    with django_db_blocker.unblock():
        yield wrapper
    wrapper.close()


def test_the_role_and_its_database_are_created_once(connection):
    assert create_table_owner(connection, Engine(), ROLE, renew_password=False) == ["keeper owns attic"]
    # A step that failed before would be made up for.
    assert create_table_owner(connection, Engine(), ROLE, renew_password=False) == ["keeper owns attic"]

    # As after a restore, the role has another password.
    other = WebRoleLogin("keeper", Login("keeper", Secret("feather")))
    with pytest.raises(CommandError, match=r"'keeper' exists, but cannot log in: .*; if it has another password, run "):
        create_table_owner(connection, Engine(), other, renew_password=False)
    assert create_table_owner(connection, Engine(), other, renew_password=True) == ["keeper owns attic"]
    assert create_table_owner(connection, Engine(), other, renew_password=False) == ["keeper owns attic"]


def test_without_an_administrator_the_variable_is_named(connection, settings):
    settings.DJANGO_RUNTIMES = adopted_by(settings)._replace(administrator=None)
    absent = WebRoleLogin("nobody", Login("nobody", Secret("quill")))

    with pytest.raises(
        CommandError,
        match=r"'nobody' cannot log in: .+; if it does not exist yet, set WEBAPP_DB_ADMINISTRATOR_SECRET_ARN",
    ):
        create_table_owner(connection, Engine(), absent, renew_password=False)


def test_an_administrator_who_cannot_log_in_is_reported_in_one_line(connection, stored: SecretsManager, settings):
    arn = stored.store({"username": "stranger", "password": "wrong"})
    settings.DJANGO_RUNTIMES = adopted_by(settings)._replace(administrator=StoredSecret(arn, 300.0))
    absent = WebRoleLogin("nobody", Login("nobody", Secret("quill")))

    with pytest.raises(CommandError, match=r"cannot create 'nobody' as the administrator of PostgreSQL: ") as refused:
        create_table_owner(connection, Engine(), absent, renew_password=False)
    assert "\n" not in str(refused.value)
    assert "wrong" not in str(refused.value)


def test_a_role_that_logs_in_needs_no_administrator(connection, stored: SecretsManager, settings):
    create_table_owner(connection, Engine(), ROLE, renew_password=True)

    arn = stored.store({"username": "stranger", "password": "wrong"})
    settings.DJANGO_RUNTIMES = adopted_by(settings)._replace(administrator=StoredSecret(arn, 300.0))
    (line,) = create_table_owner(connection, Engine(), ROLE, renew_password=False)
    assert line.startswith("keeper logs in already; nothing was changed as the administrator of PostgreSQL: ")

    settings.DJANGO_RUNTIMES = adopted_by(settings)._replace(administrator=None)
    assert create_table_owner(connection, Engine(), ROLE, renew_password=False) == ["keeper logs in already"]


def test_the_log_of_queries_has_no_password(connection, settings, caplog):
    settings.DEBUG = True
    caplog.set_level(logging.DEBUG, "django.db.backends")

    create_table_owner(connection, Engine(), ROLE, renew_password=True)

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert "SELECT 1" in caplog.text
    assert "quill" not in caplog.text
