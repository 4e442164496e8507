"""The call itself: what it takes, what it sets, and when it may be made."""

import os
import subprocess
import sys

import pytest

from django_runtimes import configure
from django_runtimes.adopt import configure as module
from django_runtimes.config.errors import ConfigurationError
from tests.unit.adopt.projects import DEPLOYED, finished, postgresql, started


@pytest.fixture(autouse=True)
def _no_call_yet(monkeypatch) -> None:
    monkeypatch.setattr(module, "_calls", [])
    for name in ("PGTZ", "RES_OPTIONS", *(name for name in os.environ if name.startswith("WEBAPP_"))):
        # Restored afterwards, whatever the call sets.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delenv("DATABASE_URL")


@pytest.fixture
def deployed(monkeypatch) -> None:
    for name, value in DEPLOYED.items():
        monkeypatch.setenv(name, value)


def test_it_sets_what_is_decided_and_the_variables_of_libraries(deployed):
    settings = finished()

    adopted = configure(settings)

    assert settings["DJANGO_RUNTIMES"] is adopted
    assert settings["DATABASES"]["default"]["HOST"] == "db.example"
    assert (os.environ["PGTZ"], os.environ["RES_OPTIONS"]) == ("UTC", "timeout:2 attempts:2")


def test_it_leaves_everything_alone_under_local_without_a_variable():
    settings = started()
    before = dict(settings)

    adopted = configure(settings)

    assert settings.keys() == before.keys()
    assert all(settings[name] is value for name, value in before.items())
    assert "PGTZ" not in os.environ
    assert adopted.runtime == "local"


def test_a_mistake_sets_nothing(deployed, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    settings = finished(DATABASES={"default": {}})
    before = dict(settings)

    with pytest.raises(ConfigurationError, match="no database is configured"):
        configure(settings)

    assert settings == before
    assert module.last_call() is None


@pytest.mark.parametrize("settings", ["config.settings", None, sys, ["DATABASES"]])
def test_it_takes_nothing_but_settings(settings):
    with pytest.raises(ConfigurationError, match="is not the globals of a settings module; write configure\\(globals"):
        configure(settings)


@pytest.mark.parametrize("name", ["DATABASES", "INSTALLED_APPS"])
def test_it_is_called_behind_what_it_looks_at(name):
    settings = {key: value for key, value in finished().items() if key != name}

    with pytest.raises(
        ConfigurationError, match=f"configure\\(\\) found no {name}; call it at the end of the settings"
    ):
        configure(settings)


def test_it_is_called_once():
    configure(started())

    with pytest.raises(ConfigurationError, match=r"and was called before in tests\.unit\.adopt\.test_configure, line"):
        configure(started())


def test_a_module_that_is_loaded_again_may_call_again():
    for settings in (started(), started()):
        configure(settings)


def test_root_certificates_that_are_missing_are_said_before_anything_connects(deployed, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    settings = finished(DATABASES={"default": postgresql(OPTIONS={"sslrootcert": "/nowhere/root.pem"})})

    with pytest.raises(ConfigurationError, match=r"'/nowhere/root\.pem', the file of authorities"):
        configure(settings)


def test_the_package_imports_nothing_before_it_is_called():
    source = "import sys, django_runtimes; print(sorted(n for n in sys.modules if n.startswith(('django', 'psycopg'))))"

    printed = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout

    assert printed == "['django_runtimes']\n"
