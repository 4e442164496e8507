import sys
from types import ModuleType

import pytest
from django.conf import settings

from django_runtimes.databases.checks import check_encryption
from django_runtimes.databases.postgresql.base import DatabaseWrapper


def database(host: str, engine: str = "django_runtimes.databases.postgresql", **options: str) -> dict:
    return {"default": {"ENGINE": engine, "HOST": host, "OPTIONS": options}}


@pytest.mark.parametrize("engine", ["django_runtimes.databases.postgresql", "django.db.backends.postgresql"])
@pytest.mark.parametrize("options", [{}, {"sslmode": "disable"}, {"sslmode": "allow"}, {"sslmode": "prefer"}])
def test_plain_text_across_a_network_is_an_error(monkeypatch, engine, options):
    monkeypatch.setattr(settings, "DATABASES", database("db.example", engine, **options))

    (error,) = check_encryption()

    assert error.id == "webapp.E001"
    assert "to db.example in plain text" in error.msg


@pytest.mark.parametrize(
    ("host", "options", "variables"),
    [
        ("", {"host": "db.example", "sslmode": "disable"}, {}),
        ("localhost", {"sslmode": "prefer"}, {"PGHOSTADDR": "192.0.2.2"}),
        ("", {"sslmode": "prefer"}, {"PGHOST": "db.example"}),
        ("", {"sslmode": "prefer"}, {"PGSERVICE": "shop"}),
    ],
)
def test_a_remote_host_is_found_wherever_it_is_named(monkeypatch, host, options, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        settings, "DATABASES", {"default": database("")["default"] | {"HOST": host, "OPTIONS": options}}
    )

    assert [error.id for error in check_encryption()] == ["webapp.E001"]


def test_a_derived_engine_is_checked_too(monkeypatch):
    engine = ModuleType("shop.engine.base")
    engine.DatabaseWrapper = type("DatabaseWrapper", (DatabaseWrapper,), {})
    monkeypatch.setitem(sys.modules, "shop.engine.base", engine)
    monkeypatch.setitem(sys.modules, "shop.engine", ModuleType("shop.engine"))
    monkeypatch.setitem(sys.modules, "shop", ModuleType("shop"))
    monkeypatch.setattr(settings, "DATABASES", database("db.example", "shop.engine"))

    assert [error.id for error in check_encryption()] == ["webapp.E001"]


def test_the_data_api_uses_no_variable_of_libpq(monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setattr(settings, "DATABASES", database("", "django_runtimes.databases.data_api"))

    assert check_encryption() == []


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_encryption_across_a_network_gives_no_message(monkeypatch, mode):
    monkeypatch.setattr(settings, "DATABASES", database("db.example", sslmode=mode))

    assert check_encryption() == []


@pytest.mark.parametrize(
    "databases", [database("127.0.0.1"), database("db.example", "django.db.backends.sqlite3")], ids=["here", "sqlite"]
)
def test_loopback_and_other_engines_give_no_message(monkeypatch, databases):
    monkeypatch.setattr(settings, "DATABASES", databases)

    assert check_encryption() == []
