"""Calls to `configure()`: the argument, the effects, and the place in the settings."""

import importlib
import os
import re
import subprocess
import sys

import pytest

from django_runtimes.adopt import configure as module
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.calls import run_call
from tests.unit.adopt.projects import DEPLOYED, new_project, postgresql, ready_project


@pytest.fixture(autouse=True)
def _no_call_yet(monkeypatch) -> None:
    monkeypatch.setattr(module, "_calls", [])
    for name in ("PGTZ", "RES_OPTIONS", *(name for name in os.environ if name.startswith("WEBAPP_"))):
        # Setting the variable first makes monkeypatch restore it after `configure()` has set it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delenv("DATABASE_URL")


@pytest.fixture
def deployed(monkeypatch) -> None:
    for name, value in DEPLOYED.items():
        monkeypatch.setenv(name, value)


def test_it_sets_the_decisions_and_the_c_libraries_variables(deployed):
    settings = ready_project()

    adopted = run_call(settings)

    assert settings["DJANGO_RUNTIMES"] is adopted
    assert settings["DATABASES"]["default"]["HOST"] == "db.example"
    assert (os.environ["PGTZ"], os.environ["RES_OPTIONS"]) == ("UTC", "timeout:2 attempts:2")


def test_it_changes_nothing_under_local_without_a_variable():
    settings = new_project()
    before = dict(settings)

    adopted = run_call(settings)

    assert settings.keys() == before.keys()
    assert all(settings[name] is value for name, value in before.items())
    assert "PGTZ" not in os.environ
    assert adopted.runtime == "local"


def test_an_error_sets_nothing(deployed, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    settings = ready_project(DATABASES={"default": {}})
    before = dict(settings)

    with pytest.raises(ConfigurationError, match="no database is configured"):
        run_call(settings)

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
def test_it_accepts_only_the_globals_of_its_caller(call, got):
    with pytest.raises(ConfigurationError) as error:
        run_call(ready_project(), call)

    assert str(error.value) == (
        f"configure() in config.settings, line 2, got {got}, which is not the globals of that module; "
        "write configure(globals()) at the end of the settings"
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS is None but must be a list; write ALLOWED_HOSTS = […]"),
        ("ALLOWED_HOSTS", "a.example", "ALLOWED_HOSTS is of type str but must be a list"),
        ("DATABASES", None, "DATABASES is None but must be a dictionary; write DATABASES = {…} in the settings"),
        ("DATABASES", {"default": "postgresql://"}, "DATABASES['default'] is of type str but must be a dictionary"),
        ("STORAGES", [], "STORAGES is of type list but must be a dictionary"),
        ("SECRET_KEY", 7, "SECRET_KEY is of type int but must be a string"),
        ("MIDDLEWARE", [None], 'MIDDLEWARE[0] is None but must be a string; write MIDDLEWARE[0] = "…" in the settings'),
        ("INSTALLED_APPS", ["a", 5], "INSTALLED_APPS[1] is of type int but must be a string"),
        ("CSRF_TRUSTED_ORIGINS", [None], "CSRF_TRUSTED_ORIGINS[0] is None but must be a string"),
        ("ALLOWED_HOSTS", [7], "ALLOWED_HOSTS[0] is of type int but must be a string"),
        ("DATABASES", {"other": {"OPTIONS": []}}, "DATABASES['other']['OPTIONS'] is of type list but must be a dict"),
    ],
)
def test_settings_of_the_wrong_type_are_refused(deployed, name, value, text):
    with pytest.raises(ConfigurationError) as error:
        run_call(ready_project(**{name: value}))

    assert str(error.value).startswith(text)


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_host_matches_nothing_as_in_django(deployed, monkeypatch, empty):
    monkeypatch.delenv("WEBAPP_ALLOWED_HOSTS")
    settings = ready_project(ALLOWED_HOSTS=["shop.example", empty])

    run_call(settings)

    assert settings["ALLOWED_HOSTS"] == ["shop.example", empty]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://shop.example"]


@pytest.mark.parametrize("empty", [None, ""])
def test_empty_hosts_alone_are_refused(deployed, monkeypatch, empty):
    monkeypatch.delenv("WEBAPP_ALLOWED_HOSTS")
    with pytest.raises(ConfigurationError, match="names no host beyond this machine"):
        run_call(ready_project(ALLOWED_HOSTS=[empty]))


@pytest.mark.parametrize("name", ["DATABASES", "INSTALLED_APPS"])
def test_it_must_be_called_after_the_settings_that_it_reads(name):
    settings = {key: value for key, value in ready_project().items() if key != name}

    with pytest.raises(
        ConfigurationError, match=f"configure\\(\\) found no {name}; call it at the end of the settings"
    ):
        run_call(settings)


def test_a_second_module_may_not_call_it():
    run_call(new_project())

    with pytest.raises(ConfigurationError, match=r"called in live, line 2, and was called before in config\.settings"):
        run_call(new_project() | {"__name__": "live"})


@pytest.mark.parametrize(
    "calls",
    [
        "[configure(globals()), configure(globals())]",
        "[configure(globals()) for _ in range(2)]",
        "[configure(globals()),\nconfigure(globals())]",
    ],
)
def test_it_may_be_called_only_once(calls):
    with pytest.raises(ConfigurationError, match=r"and was called before in config\.settings, line 2; call it once"):
        run_call(new_project(), calls)


def test_a_reimported_module_may_call_it_again():
    for settings in (new_project(), new_project()):
        run_call(settings)


LOADS = """
from django.conf import settings
{load}
import for_tests
print(settings.NAME, for_tests.NAME, for_tests.RESULT is last_call().adopted, last_call().module)
"""


@pytest.mark.parametrize(
    ("load", "is_refused"), [("settings.INSTALLED_APPS", False), ("import live", True), ("import base", True)]
)
def test_a_module_imported_after_the_settings_may_call_it(tmp_path, load, is_refused):
    end = "RESULT = configure(globals())\n"
    (tmp_path / "base.py").write_text(
        "from django_runtimes import configure\nNAME = 'live'\nDATABASES, INSTALLED_APPS = {}, []\n" + end
    )
    (tmp_path / "live.py").write_text("from base import *\n")
    (tmp_path / "for_tests.py").write_text(f"from base import *\nNAME = 'test'\n{end}")
    source = "from django_runtimes.adopt.configure import last_call\n" + LOADS.format(load=load)

    ended = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "live", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("was called before in base, line 4" in ended.stderr) is is_refused
    assert ended.stdout == ("" if is_refused else "live test True base\n")


def test_a_reloaded_module_may_call_it_again(monkeypatch, tmp_path):
    (tmp_path / "settings_reloaded.py").write_text(
        "DATABASES, INSTALLED_APPS = {}, []\nfrom django_runtimes import configure\nconfigure(globals())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings = importlib.import_module("settings_reloaded")

    assert importlib.reload(settings) is settings

    monkeypatch.delitem(sys.modules, "settings_reloaded")


def test_settings_without_configures_result_are_refused(deployed):
    run_call(ready_project())

    with pytest.raises(ConfigurationError, match=r"live lacks the settings that configure\(\) set in config\.settings"):
        module.require_call(object(), "live")


def test_missing_root_certificates_are_found_before_connecting(deployed, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    settings = ready_project(DATABASES={"default": postgresql(OPTIONS={"sslrootcert": "/nowhere/root.pem"})})

    with pytest.raises(
        ConfigurationError, match=r"^DATABASES\['default'\]\['OPTIONS'\] has sslrootcert='/nowhere/root"
    ):
        run_call(settings)


def test_the_missing_root_certificates_of_a_replica_are_named(deployed):
    replica = postgresql(OPTIONS={"sslrootcert": "/nowhere/root.pem"})

    reason = (
        "DATABASES['replica']['OPTIONS'] has sslrootcert='/nowhere/root.pem', which cannot be read (No such file or "
        "directory); correct it in the settings, or remove it"
    )
    with pytest.raises(ConfigurationError, match=f"^{re.escape(reason)}$"):
        run_call(ready_project(DATABASES={"default": postgresql(), "replica": replica}))


def test_importing_the_package_alone_loads_neither_django_nor_psycopg():
    source = "import sys, django_runtimes; print(sorted(n for n in sys.modules if n.startswith(('django', 'psycopg'))))"

    printed = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout

    assert printed == "['django_runtimes', 'django_runtimes.first_line']\n"
