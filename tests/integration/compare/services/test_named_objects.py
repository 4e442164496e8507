"""Schemas and roles of the settings in the embedded PostgreSQL."""

import psycopg
import pytest

from django_runtimes.cli.project.settings_check import LoadedDatabase, LoadedSettings
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.data_paths import Engine

pytestmark = pytest.mark.profile_free


@pytest.fixture(scope="module")
def server():
    with EmbeddedPostgres(max_connections=20) as server:
        create_database(server, "shop")
        yield server


def settings(server: EmbeddedPostgres, role: str = "", schemas: tuple[str, ...] = ()) -> LoadedSettings:
    default = LoadedDatabase("", Engine.POSTGRESQL, "localhost", server.port, "shop", role, schemas)
    elsewhere = LoadedDatabase("", Engine.POSTGRESQL, "db.example", 5432, "shop", "not_here", ("not_here",))
    databases = {"default": default, "elsewhere": elsewhere}
    return LoadedSettings("config.settings", True, (), True, (), False, databases)


def create(server: EmbeddedPostgres, role: str = "", schemas: tuple[str, ...] = ()) -> list[str]:
    return create_named_objects(server, "shop", settings(server, role, schemas), parse_database_url(server.url("shop")))


def test_the_projects_role_works_in_its_schemas(server):
    assert create(server, "Shop role", ("shop", "Audit")) == [
        "created the schema shop (search_path), the schema Audit (search_path), the role Shop role "
        "(assume_role) in the embedded PostgreSQL, since OPTIONS name them"
    ]

    create_database(server, "test_shop")
    for name in ("shop", "test_shop"):
        with psycopg.connect(server.url(name), options="-c search_path=shop") as connection:
            connection.execute('SET ROLE "Shop role"')
            connection.execute("CREATE TABLE basket (id int)")
            connection.execute('CREATE TABLE "Audit".entry (id int)')
            connection.execute("CREATE TABLE public.page (id int)")
            assert connection.execute("SELECT to_regclass('shop.basket')::text").fetchone() == ("basket",)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute('SET ROLE "Shop role"')
        connection.execute("CREATE DATABASE test_own")


@pytest.mark.parametrize(("role", "schemas"), [("", ()), ("webapp", ())])
def test_nothing_is_created_without_need(server, role: str, schemas: tuple[str, ...]):
    assert create(server, role, schemas) == []
    with psycopg.connect(server.administration_url) as connection:
        assert connection.execute("SELECT FROM pg_roles WHERE rolname = 'not_here'").fetchone() is None


def test_a_role_of_the_server_is_granted(server):
    create(server, "postgres")

    with psycopg.connect(server.url("shop")) as connection:
        connection.execute("SET ROLE postgres")
