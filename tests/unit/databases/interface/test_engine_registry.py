"""The engine that answers for a connection, an entry of DATABASES or an error."""

import sqlite3
import sys
from types import ModuleType

import psycopg
import psycopg_pool
import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import DATA_PATHS, Engine
from django_runtimes.databases.data_api.data_api_engine import DATA_API
from django_runtimes.databases.interface import engine_registry
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.databases.interface.engine_registry import (
    ENGINES,
    RegisteredEngine,
    driver_error,
    engine_of,
    engine_of_entry,
    engine_on_route,
    engines,
)
from django_runtimes.databases.postgresql.postgresql_engine import POSTGRESQL, PostgresqlEngine

ARCHIVE = ModuleType("shop_archive")


class ArchiveError(psycopg.OperationalError):
    __module__ = "shop_archive.errors"


class ArchiveEngine(PostgresqlEngine):
    @property
    def error_class(self):
        return ArchiveError


@pytest.fixture
def archive(monkeypatch):
    """Register a second engine, which derives from PostgreSQL's, and return its answers."""
    ARCHIVE.ANSWERS = ArchiveEngine()
    monkeypatch.setitem(sys.modules, "shop_archive", ARCHIVE)
    row = RegisteredEngine("archive", "shop_archive.ANSWERS", errors="shop_archive")
    monkeypatch.setattr(engine_registry, "ENGINES", (*ENGINES, row))
    return ARCHIVE.ANSWERS


def test_every_row_names_an_engine():
    assert all(isinstance(engine, DatabaseEngine) for engine in engines())


# GeoDjango's engine needs GDAL to load, and has the vendor of Django's engine for PostgreSQL.
@pytest.mark.parametrize("engine", ["django.db.backends.postgresql", "django_runtimes.databases.postgresql"])
def test_all_postgresql_engines_have_the_same_answers(engine):
    assert engine_of_entry({"ENGINE": engine}) is POSTGRESQL


def test_an_engine_that_names_its_row_is_not_judged_by_its_vendor(archive):
    wrapper = type("DatabaseWrapper", (DjangosWrapper,), {"library_engine": "archive"})

    assert engine_of(wrapper) is archive


@pytest.mark.parametrize("database", [{"ENGINE": "django.db.backends.sqlite3"}, {}])
def test_an_unsupported_engine_has_no_answers(database):
    assert engine_of_entry(database) is None


def test_the_route_of_an_engine_chooses_its_answers():
    assert engine_on_route(Engine.POSTGRESQL, Route.PROXY) is POSTGRESQL
    assert engine_on_route(Engine.POSTGRESQL, Route.DATA_API) is DATA_API


def test_every_data_path_has_one_engine():
    served = [(engine.sql_engine, route) for engine in engines() for route in engine.routes]

    assert sorted(served) == sorted(DATA_PATHS)


@pytest.mark.parametrize(
    "error",
    [psycopg.OperationalError("lost"), psycopg.errors.UniqueViolation("twice"), psycopg_pool.PoolTimeout("full")],
)
def test_the_drivers_errors_belong_to_their_engine(error):
    assert driver_error(error) == (error, POSTGRESQL)


def test_the_drivers_error_is_found_through_its_wrappers():
    lost = psycopg.OperationalError("lost")
    wrapped = OperationalError("lost")
    wrapped.__cause__ = lost
    later = transaction.TransactionManagementError("an error occurred in the current transaction")
    later.__cause__ = wrapped

    assert driver_error(later).error is lost


def test_an_error_belongs_to_the_most_derived_engine(archive):
    assert driver_error(ArchiveError("paused")).engine is archive
    assert driver_error(psycopg.OperationalError("lost")).engine is POSTGRESQL


def test_an_earlier_handled_error_is_not_the_cause():
    mistake = ProgrammingError("mistake")
    mistake.__context__ = psycopg.OperationalError("lost")

    assert driver_error(mistake) is None


def test_an_error_of_an_unsupported_driver_has_no_engine():
    wrapped = IntegrityError("twice")
    wrapped.__cause__ = sqlite3.IntegrityError("twice")

    assert driver_error(wrapped) is None
    assert driver_error(None) is None
