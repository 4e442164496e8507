"""Only listed settings change, and none of the project's objects is changed in place."""

import copy
import os
from contextlib import suppress

import pytest

from django_runtimes.adopt import configure as configuring
from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.listed_names import NAMES
from django_runtimes.adopt.setting_change import MISSING
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.calls import run_call
from tests.unit.adopt.generated import generated
from tests.unit.adopt.projects import DEPLOYED, URL, new_project, postgresql, ready_project

_ORACLE = {"ENGINE": "django.db.backends.oracle"}


@pytest.fixture(scope="module")
def decided_seeds() -> list[int]:
    """The seeds that led to decisions; the next test counts them."""
    return []


@pytest.mark.parametrize("seed", range(400))
def test_only_listed_settings_change_and_no_object_changes(seed, decided_seeds):
    project, environ = generated(seed)
    objects, before = dict(project), copy.deepcopy({**project, "OWN_SETTING": None})

    with suppress(ConfigurationError):
        decisions = decide(project, environ)
        decided_seeds.append(seed)
        assert set(decisions.settings) <= NAMES
        assert {change.name for change in decisions.changes} == set(decisions.settings)
        assert all(decisions.settings[name] != objects.get(name, ...) for name in decisions.settings)
    assert project.keys() == objects.keys()
    assert all(project[name] is value for name, value in objects.items())
    assert {**project, "OWN_SETTING": None} == before


def test_many_of_the_generated_projects_are_accepted(decided_seeds):
    assert len(decided_seeds) > 100


@pytest.fixture(scope="module")
def called_seeds() -> list[int]:
    """The seeds whose call changed settings; a later test counts them."""
    return []


@pytest.mark.parametrize("seed", range(400))
def test_a_call_sets_the_decided_names_or_nothing(seed, called_seeds, monkeypatch):
    project, environ = generated(seed)
    settings, before = dict(project), copy.deepcopy({**project, "OWN_SETTING": None})
    monkeypatch.setattr(configuring, "_calls", [])
    monkeypatch.setattr(os, "environ", dict(environ))

    try:
        adopted = run_call(settings)
    except ConfigurationError:
        changed = set()
        assert os.environ == environ
    else:
        changed = {name for name, value in settings.items() if value is not project.get(name, MISSING)}
        decided = decide(project, environ)
        assert changed == set(decided.settings) <= NAMES
        assert all(settings[name] == decided.settings[name] for name in changed - {"DJANGO_RUNTIMES"})
        assert os.environ == {**environ, **decided.environ}
        assert settings.get("DJANGO_RUNTIMES", adopted) is adopted
    assert project.keys() == settings.keys() - changed | project.keys()
    assert all(settings[name] is value for name, value in project.items() if name not in changed)
    # Nothing is changed in place either.
    assert {**project, "OWN_SETTING": None} == before
    called_seeds += [seed] * bool(changed)


def test_many_of_the_generated_calls_are_accepted(called_seeds):
    assert len(called_seeds) > 100


@pytest.mark.parametrize("project", [new_project(), ready_project()], ids=["new", "ready"])
@pytest.mark.parametrize(
    "environ", [{}, {"DATABASE_URL": "sqlite:///db.sqlite3"}, {"DATABASE_URL": ""}, {"WEBAPP_DEBUG": ""}, {"HOME": "/"}]
)
def test_nothing_changes_under_local_without_a_variable(project, environ):
    decisions = decide(project, environ)

    assert (decisions.settings, decisions.changes, decisions.environ) == ({}, (), {})


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("postgres://app:s%40cret@DB.example:5433/shop", {"PASSWORD": "s@cret"}),
        ("postgresql://app:secret@db.example:5433/shop?conn_max_age=600", {"CONN_MAX_AGE": 600}),
        ("postgresql://app:secret@db.example:5433/shop?connect_timeout=3", {"OPTIONS": {"connect_timeout": 3}}),
        ("postgresql://app:secret@db.example:5433/shop?currentSchema=a", {"OPTIONS": {"options": "-c search_path=a"}}),
        ("postgresql://app:secret@db.example/shop", {"PORT": ""}),
        ("postgresql:///shop", {"HOST": "", "PORT": "", "USER": "", "PASSWORD": ""}),
        ("postgis://app:secret@db.example:5433/shop", {"ENGINE": "django.contrib.gis.db.backends.postgis"}),
        ("oracle://app:secret@db.example:5433/shop", _ORACLE),
        ("mssql://app:secret@db.example:5433/shop", {"ENGINE": "mssql"}),
    ],
)
def test_nothing_changes_under_local_if_settings_read_the_url(url, read):
    entry = _entry() | read

    decisions = decide(new_project() | {"DATABASES": {"default": entry}}, {"DATABASE_URL": url})

    assert (decisions.settings, decisions.changes, decisions.environ) == ({}, (), {})
    assert decisions.adopted.web_role == entry["USER"]


@pytest.mark.parametrize("url", ["oracle://app:secret@SHOP", "oracle://app:secret@/shop"])
def test_a_url_with_an_alias_of_oracles_own_stays_the_projects(url):
    project = new_project() | {"DATABASES": {"default": _entry() | _ORACLE | {"HOST": "", "PORT": ""}}}

    assert decide(project, {"DATABASE_URL": url}).settings == {}
    with pytest.raises(ConfigurationError, match="DATABASE_URL names no"):
        decide(project, {"DATABASE_URL": url.replace("secret", "other")})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:secret@db.example:5433/other",
        "postgresql://app:other@db.example:5433/shop",
        "postgresql://other:secret@db.example:5433/shop",
        "postgresql://app:secret@other.example:5433/shop",
        "postgresql://app:secret@db.example/shop",
        "postgresql://app:secret@db.example:5433/shop?sslmode=require",
        "postgis://app:secret@db.example:5433/shop",
        "oracle://app:secret@db.example:5433/shop",
    ],
)
def test_local_uses_a_database_url_that_settings_did_not_read(url):
    project = new_project() | {"DATABASES": {"default": _entry()}}

    assert {"DATABASES", "DJANGO_RUNTIMES"} <= decide(project, {"DATABASE_URL": url}).settings.keys()


def test_a_declared_local_runtime_uses_a_url_that_settings_already_read():
    project = new_project() | {"DATABASES": {"default": _entry()}}

    settings = decide(project, {"DATABASE_URL": URL, "WEBAPP_RUNTIME": "local"}).settings

    assert settings["DATABASES"]["default"]["ENGINE"] == "django_runtimes.databases.postgresql"


def _entry():
    return postgresql(NAME="shop", USER="app", PASSWORD="secret", HOST="db.example", PORT=5433)


def test_a_database_that_does_not_change_is_the_same_object():
    project = ready_project(DATABASES={"default": postgresql(), "old": {"ENGINE": "django.db.backends.oracle"}})

    databases = decide(project, DEPLOYED).settings["DATABASES"]

    assert databases["old"] is project["DATABASES"]["old"]
    assert databases["default"] is not project["DATABASES"]["default"]


@pytest.mark.parametrize("environ", [DEPLOYED, DEPLOYED | {"WEBAPP_DB_STRATEGY": "persistent"}])
def test_a_default_database_of_oracle_without_a_host_is_the_same_object(environ):
    entry = {**_ORACLE, "NAME": "shop_high", "USER": "app", "PASSWORD": "secret", "OPTIONS": {"pool": True}}
    variables = {name: value for name, value in environ.items() if name != "DATABASE_URL"}

    decisions = decide(ready_project(DATABASES={"default": entry}), variables)

    assert decisions.settings.get("DATABASES", {}).get("default", entry) is entry


def test_a_sequence_keeps_its_type():
    project = ready_project(INSTALLED_APPS=("django.contrib.staticfiles",), MIDDLEWARE=())

    settings = decide(project, DEPLOYED).settings

    assert isinstance(settings["INSTALLED_APPS"], tuple)
    assert settings["MIDDLEWARE"] == ("whitenoise.middleware.WhiteNoiseMiddleware",)
