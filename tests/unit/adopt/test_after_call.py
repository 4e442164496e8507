"""What is noticed of settings that were set after the call, by the checks and by the servers."""

import copy
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db.utils import ConnectionHandler

from django_runtimes.adopt import after_call
from django_runtimes.adopt.after_call import require_kept
from django_runtimes.adopt.checks import later
from django_runtimes.adopt.configure import Call
from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.listed_names import NAMES
from django_runtimes.adopt.snapshot import snapshot
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, finished, postgresql

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}


@pytest.fixture
def said(monkeypatch):
    """What is said of `finished()` when `change` changes it after the call: the ids and texts of the check."""
    # Django's test runner made it in this process, whose changes of settings are no mistake.
    monkeypatch.delattr(mail, "outbox")

    def said(change, environ=DEPLOYED, project=None) -> list[tuple[str, str]]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        project = finished() if project is None else project
        decisions = decide(project, environ)
        settings: dict[str, Any] = {**project, **decisions.settings}
        kept = snapshot(settings) if decisions.settings else {}
        call = Call("config.settings", 88, project, decisions.changes, decisions.adopted, kept)
        change(settings)
        loaded = LazySettings()
        loaded.configure()
        for name in filter(str.isupper, settings):
            setattr(loaded, name, settings[name])
        for module in (later, after_call):
            monkeypatch.setattr(module, "last_call", lambda: call)
            monkeypatch.setattr(module, "settings", loaded)
        return [(message.id[-4:], message.msg) for message in later.check_set_later()]

    return said


def setting(name: str, value: Any):
    return lambda settings: settings.update({name: value})


def in_database(*path: str, value: Any):
    def change(settings):
        *keys, last = path
        entry = settings["DATABASES"]["default"]
        for key in keys:
            entry = entry[key]
        entry[last] = value

    return change


def test_nothing_is_said_where_nothing_was_set(said):
    assert said(lambda settings: None) == []
    require_kept()
    assert said(lambda settings: settings.update(copy.copy(settings))) == []


def test_defaults_that_django_fills_in_are_no_change(said):
    assert said(lambda settings: ConnectionHandler(settings["DATABASES"]).settings) == []


@pytest.mark.parametrize(
    ("change", "beginning"),
    [
        (setting("DEBUG", True), "DEBUG=True was set after configure() in config.settings, line 88: it shows"),
        (
            setting("SECRET_KEY", "a" * 30),
            "SECRET_KEY was set after configure() in config.settings, line 88 and has 30 c",
        ),
        (setting("SECRET_KEY", ""), "SECRET_KEY was set after configure() in config.settings, line 88 and is empty"),
        (setting("ALLOWED_HOSTS", []), "ALLOWED_HOSTS=[] was set after configure() in config.settings, line 88 and"),
        (setting("STATICFILES_STORAGE", "own.Storage"), "after configure() in config.settings, line 88: STATICFILES_S"),
        (setting("DATABASES", {"default": SQLITE}), "DATABASES['default'] was set after configure() in config.setti"),
        (
            lambda settings: settings["DATABASES"].update(geo=SQLITE),
            "DATABASES['geo'] was set after configure() in config.settings, line 88 and is SQLite, whose file aws_ecs",
        ),
        (
            setting("INSTALLED_APPS", ["django.contrib.auth"]),
            "INSTALLED_APPS was set after configure() in config.settings, line 88 and lacks django_runtimes.adopt, ",
        ),
    ],
)
def test_what_is_an_error_before_the_call_is_one_after_it(said, change, beginning):
    errors = [text for check, text in said(change) if check == "E029"]

    assert len(errors) == 1
    assert errors[0].startswith(beginning)
    with pytest.raises(ConfigurationError) as error:
        require_kept()
    assert f"{error.value}." == errors[0]


def test_startup_options_through_rds_proxy(said):
    change = in_database("OPTIONS", "options", value="-c search_path=shop")

    assert said(change, ON_LAMBDA)[0][0] == "E029"
    assert [check for check, _ in said(change, DEPLOYED)] == ["W020"]


@pytest.mark.parametrize(
    ("change", "label"),
    [
        (in_database("CONN_MAX_AGE", value=600), "DATABASES['default']['CONN_MAX_AGE']"),
        (in_database("OPTIONS", "pool", "max_size", value=50), "DATABASES['default']['OPTIONS']['pool']['max_size']"),
        (setting("SECRET_KEY", "abcdefghij" * 6), "SECRET_KEY"),
        (setting("ALLOWED_HOSTS", ["other.example"]), "ALLOWED_HOSTS"),
        (lambda settings: settings["INSTALLED_APPS"].append("shop"), "INSTALLED_APPS"),
        (lambda settings: settings["DATABASES"].update(replica=postgresql()), "DATABASES['replica']"),
        (setting("SECURE_SSL_REDIRECT", False), "SECURE_SSL_REDIRECT"),
    ],
)
def test_what_was_set_after_the_call_is_a_warning(said, change, label):
    (warning,) = said(change)

    assert warning[0] == "W020"
    assert warning[1].startswith(f"{label} was set after configure() in config.settings, line 88, which ")


def test_local_refuses_nothing(said):
    environ = {"WEBAPP_RUNTIME": "local", "WEBAPP_DB_STRATEGY": "per_request"}

    assert [check for check, _ in said(setting("DEBUG", True), environ)] == ["W020"]
    assert said(setting("DEBUG", True), {"WEBAPP_RUNTIME": ""}) == []


def test_every_listed_name_is_compared():
    assert NAMES - {"DJANGO_RUNTIMES"} <= snapshot({}).keys()
