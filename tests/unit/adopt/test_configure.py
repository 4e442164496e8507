"""The call itself: what it takes, what it sets, and when it may be made."""

import importlib
import os
import subprocess
import sys

import pytest

from django_runtimes.adopt import configure as module
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import DEPLOYED, finished, postgresql, started


@pytest.fixture(autouse=True)
def _no_call_yet(monkeypatch) -> None:
    monkeypatch.setattr(module, "_calls", [])
    for name in ("PGTZ", "RES_OPTIONS", *(name for name in os.environ if name.startswith("WEBAPP_"))):
        # Restored afterwards, whatever the call sets.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delenv("DATABASE_URL")


def configured(settings: dict, call: str = "configure(globals())"):
    """What a module with these settings gets, which ends with the call."""
    try:
        exec(compile(f"from django_runtimes import configure\nadopted = {call}\n", "settings.py", "exec"), settings)
        return settings.pop("adopted")
    finally:
        del settings["configure"], settings["__builtins__"]


@pytest.fixture
def deployed(monkeypatch) -> None:
    for name, value in DEPLOYED.items():
        monkeypatch.setenv(name, value)


def test_it_sets_what_is_decided_and_the_variables_of_libraries(deployed):
    settings = finished()

    adopted = configured(settings)

    assert settings["DJANGO_RUNTIMES"] is adopted
    assert settings["DATABASES"]["default"]["HOST"] == "db.example"
    assert (os.environ["PGTZ"], os.environ["RES_OPTIONS"]) == ("UTC", "timeout:2 attempts:2")


def test_it_leaves_everything_alone_under_local_without_a_variable():
    settings = started()
    before = dict(settings)

    adopted = configured(settings)

    assert settings.keys() == before.keys()
    assert all(settings[name] is value for name, value in before.items())
    assert "PGTZ" not in os.environ
    assert adopted.runtime == "local"


def test_a_mistake_sets_nothing(deployed, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    settings = finished(DATABASES={"default": {}})
    before = dict(settings)

    with pytest.raises(ConfigurationError, match="no database is configured"):
        configured(settings)

    assert settings == before
    assert module.last_call() is None


@pytest.mark.parametrize(
    ("call", "got"),
    [
        ("configure()", "None"),
        ("configure('config.settings')", "'config.settings'"),
        ("configure(dict(globals()))", "another dictionary"),
        ("configure({'DATABASES': {}, 'INSTALLED_APPS': []})", "another dictionary"),
    ],
)
def test_it_takes_nothing_but_the_globals_of_its_caller(call, got):
    with pytest.raises(ConfigurationError) as error:
        configured(finished(), call)

    assert str(error.value) == (
        f"configure() in config.settings, line 2, got {got}, which is not the globals of that module; "
        "write configure(globals()) at the end of the settings"
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS is None and has to be a list; write ALLOWED_HOSTS = […]"),
        ("ALLOWED_HOSTS", "a.example", "ALLOWED_HOSTS is of type str and has to be a list"),
        ("DATABASES", None, "DATABASES is None and has to be a dictionary; write DATABASES = {…} in the settings"),
        ("DATABASES", {"default": "postgresql://"}, "DATABASES['default'] is of type str and has to be a dictionary"),
        ("STORAGES", [], "STORAGES is of type list and has to be a dictionary"),
        ("SECRET_KEY", 7, "SECRET_KEY is of type int and has to be a text"),
    ],
)
def test_settings_of_another_shape(deployed, name, value, text):
    with pytest.raises(ConfigurationError) as error:
        configured(finished(**{name: value}))

    assert str(error.value).startswith(text)


@pytest.mark.parametrize("name", ["DATABASES", "INSTALLED_APPS"])
def test_it_is_called_behind_what_it_looks_at(name):
    settings = {key: value for key, value in finished().items() if key != name}

    with pytest.raises(
        ConfigurationError, match=f"configure\\(\\) found no {name}; call it at the end of the settings"
    ):
        configured(settings)


def test_another_module_may_not_call_as_well():
    configured(started())

    with pytest.raises(ConfigurationError, match=r"called in live, line 2, and was called before in config\.settings"):
        configured(started() | {"__name__": "live"})


@pytest.mark.parametrize(
    "calls",
    [
        "[configure(globals()), configure(globals())]",
        "[configure(globals()) for _ in range(2)]",
        "[configure(globals()),\nconfigure(globals())]",
    ],
)
def test_it_is_called_once(calls):
    with pytest.raises(ConfigurationError, match=r"and was called before in config\.settings, line 2; call it once"):
        configured(started(), calls)


def test_a_module_that_is_imported_again_may_call_again():
    for settings in (started(), started()):
        configured(settings)


def test_a_module_that_is_reloaded_may_call_again(monkeypatch, tmp_path):
    (tmp_path / "settings_reloaded.py").write_text(
        "DATABASES, INSTALLED_APPS = {}, []\nfrom django_runtimes import configure\nconfigure(globals())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings = importlib.import_module("settings_reloaded")

    assert importlib.reload(settings) is settings

    monkeypatch.delitem(sys.modules, "settings_reloaded")


def test_settings_that_are_not_those_which_called(deployed):
    configured(finished())

    with pytest.raises(ConfigurationError, match=r"live has no setting that configure\(\) set in config\.settings"):
        module.require_call(object(), "live")


def test_root_certificates_that_are_missing_are_said_before_anything_connects(deployed, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    settings = finished(DATABASES={"default": postgresql(OPTIONS={"sslrootcert": "/nowhere/root.pem"})})

    with pytest.raises(ConfigurationError, match=r"'/nowhere/root\.pem', the file of authorities"):
        configured(settings)


def test_the_package_imports_nothing_before_it_is_called():
    source = "import sys, django_runtimes; print(sorted(n for n in sys.modules if n.startswith(('django', 'psycopg'))))"

    printed = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout

    assert printed == "['django_runtimes']\n"
