import sys
from types import ModuleType

import pytest
from django.conf import settings
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper

from django_runtimes.config.databases.credentials import IamToken
from django_runtimes.config.values.connection_strategy import PerRequest, Persistent, Pool, Route
from django_runtimes.databases.engine_checks import check_engines
from django_runtimes.databases.postgresql.base import DatabaseWrapper
from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin

DJANGOS = "django.db.backends.postgresql"
TOKEN = {"CREDENTIALS": IamToken("eu-west-1"), "ROUTE": Route.DIRECT}
PASSWORD = {"CREDENTIALS": None, "ROUTE": Route.DIRECT}


@pytest.fixture
def check(monkeypatch):
    """Return a function that checks one entry of DATABASES."""
    monkeypatch.delenv("WEBAPP_DB_CREDENTIALS", raising=False)

    def run(entry: dict, alias: str = "default"):
        monkeypatch.setattr(settings, "DATABASES", {alias: entry})
        return check_engines()

    return run


@pytest.fixture
def own_engine(monkeypatch):
    """Return a function that creates an engine of the project and returns its name."""

    def make(*bases: type) -> str:
        module = ModuleType("shop.engine.base")
        module.DatabaseWrapper = type("DatabaseWrapper", bases, {"__module__": "shop.engine.base"})
        for name in ("shop", "shop.engine"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.setitem(sys.modules, "shop.engine.base", module)
        return "shop.engine"

    return make


def test_an_engine_that_fetches_no_login_is_an_error(check, monkeypatch):
    monkeypatch.setenv("WEBAPP_DB_CREDENTIALS", "iam")

    (error,) = check({"ENGINE": DJANGOS, **TOKEN})

    assert error.id == "webapp.E015"
    assert error.msg == (
        "DATABASES['default'] has the engine 'django.db.backends.postgresql', which does not fetch the login of "
        "WEBAPP_DB_CREDENTIALS=iam."
    )
    assert error.hint.startswith("Set ENGINE to 'django_runtimes.databases.postgresql'; or write an engine whose ")


def test_an_entry_that_replaced_ours_is_an_error_too(check, monkeypatch):
    monkeypatch.setenv("WEBAPP_DB_CREDENTIALS", "secretsmanager")

    assert [error.id for error in check({"ENGINE": DJANGOS, "HOST": "db.example"})] == ["webapp.E015"]


@pytest.mark.parametrize(
    ("strategy", "lost"),
    [(Pool(), "a pool that"), (Persistent(), "sessions that"), (PerRequest(), "connections that end")],
    ids=["pool", "persistent", "per_request"],
)
def test_a_foreign_engine_with_a_password_is_a_warning(check, strategy, lost):
    (warning,) = check({"ENGINE": DJANGOS, **PASSWORD, **strategy.as_django()})

    assert warning.id == "webapp.W016"
    assert f"lacks features of this library's engine: {lost}" in warning.msg


def test_the_mixin_after_djangos_class_is_an_error(check, own_engine):
    engine = own_engine(DjangosWrapper, DatabaseWrapperMixin)

    assert [error.id for error in check({"ENGINE": engine, **TOKEN})] == ["webapp.E015"]


def test_a_subclass_of_djangos_engine_is_an_error(check, own_engine):
    assert [error.id for error in check({"ENGINE": own_engine(DjangosWrapper), **TOKEN})] == ["webapp.E015"]


def test_another_vendors_engine_is_an_error(check):
    assert [error.id for error in check({"ENGINE": "django.db.backends.sqlite3", **TOKEN})] == ["webapp.E015"]


@pytest.mark.parametrize("bases", [(DatabaseWrapper,), (DatabaseWrapperMixin, DjangosWrapper)], ids=["ours", "mixin"])
def test_an_engine_based_on_ours_gives_no_message(check, own_engine, bases):
    assert check({"ENGINE": own_engine(*bases), **TOKEN}) == []


@pytest.mark.parametrize("engine", ["postgresql", "data_api"])
def test_our_own_engines_give_no_message(check, engine):
    assert check({"ENGINE": f"django_runtimes.databases.{engine}", **TOKEN}) == []


@pytest.mark.parametrize("entry", [{}, {"ENGINE": DJANGOS}])
def test_databases_other_than_the_default_may_have_any_engine(check, entry):
    assert check(entry, alias="reports") == []
