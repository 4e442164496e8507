import sys
from pathlib import Path
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


@pytest.mark.parametrize(
    ("host", "options", "place"),
    [
        ("127.0.0.1", {"host": "db.example"}, "db.example"),
        ("db.example", {"ssl": {}}, "db.example"),
        ("", {"read_default_file": "/missing/my.cnf"}, None),
        ("", {"read_default_file": "remote.cnf"}, "db.example"),
        ("", {"read_default_file": "remote.cnf", "read_default_group": "shop"}, "shop.example"),
        ("", {"read_default_file": "remote.cnf", "read_default_group": "socket"}, None),
        ("", {"read_default_file": "malformed.cnf"}, "the server that malformed.cnf names"),
        ("127.0.0.1", {"read_default_file": "remote.cnf"}, None),
    ],
)
def test_a_server_of_mysql_is_found_wherever_it_is_named(monkeypatch, tmp_path, host, options, place):
    monkeypatch.chdir(tmp_path)
    Path("remote.cnf").write_text(
        "[client]\nhost = 'db.example'\n[shop]\nhost = shop.example\n[socket]\nhost = db.example\nsocket = /run/s"
    )
    Path("malformed.cnf").write_text("host = db.example")
    entry = database(host, "django_runtimes.databases.mysql")["default"] | {"OPTIONS": options | {"sslmode": "prefer"}}
    monkeypatch.setattr(settings, "DATABASES", {"default": entry})

    expected = [] if place is None else [f"to {place} in plain text, with sslmode='prefer'."]
    assert [error.msg.partition("rows ")[2] for error in check_encryption()] == expected


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
