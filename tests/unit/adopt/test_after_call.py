"""The checks and the servers detect settings that were changed after `configure()`."""

import copy
from typing import Any

import django
import pytest
from django.conf import LazySettings
from django.core import mail
from django.db.utils import ConnectionHandler

from django_runtimes.adopt import after_call
from django_runtimes.adopt.after_call import refuse_later_mistakes
from django_runtimes.adopt.checks import later
from django_runtimes.adopt.configure import Call
from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.listed_names import NAMES
from django_runtimes.adopt.snapshot import snapshot
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, postgresql, ready_project

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}


@pytest.fixture
def messages_after(monkeypatch):
    """Return a function that changes `ready_project()` after `configure()`, and returns the messages' IDs and texts."""
    # Django's test runner may change settings: it creates `outbox`, by which the checks recognize it.
    monkeypatch.delattr(mail, "outbox")

    def messages_after(change, environ=DEPLOYED, project=None) -> list[tuple[str, str]]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        project = ready_project() if project is None else project
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

    return messages_after


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


def test_unchanged_settings_give_no_message(messages_after):
    assert messages_after(lambda settings: None) == []
    refuse_later_mistakes()
    assert messages_after(lambda settings: settings.update(copy.copy(settings))) == []


def test_defaults_that_django_fills_in_give_no_message(messages_after):
    assert messages_after(lambda settings: ConnectionHandler(settings["DATABASES"]).settings) == []


@pytest.mark.parametrize(
    ("change", "beginning"),
    [
        (setting("DEBUG", True), "DEBUG=True was set after configure() in config.settings, line 88: it exposes"),
        (
            setting("SECRET_KEY_FALLBACKS", ["former-key", "django-insecure-former"]),
            "SECRET_KEY_FALLBACKS was set after configure() in config.settings, line 88, and its key 2 begins with "
            "'django-insecure-' and is public, so anybody could sign",
        ),
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
def test_settings_that_configure_refuses_are_errors_after_it_too(messages_after, change, beginning):
    errors = [text for check, text in messages_after(change) if check == "E029"]

    assert len(errors) == 1
    assert errors[0].startswith(beginning)
    with pytest.raises(ConfigurationError) as error:
        refuse_later_mistakes()
    assert f"{error.value}." == errors[0]


def test_startup_options_through_rds_proxy_are_an_error(messages_after):
    change = in_database("OPTIONS", "options", value="-c search_path=shop")

    assert messages_after(change, ON_LAMBDA)[0][0] == "E029"
    assert [check for check, _ in messages_after(change, DEPLOYED)] == ["W020"]


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
def test_a_setting_changed_after_configure_gets_a_warning(messages_after, change, label):
    (warning,) = messages_after(change)

    assert warning[0] == "W020"
    assert warning[1].startswith(f"{label} was set after configure() in config.settings, line 88, which ")


def test_local_refuses_nothing(messages_after):
    environ = {"WEBAPP_RUNTIME": "local", "WEBAPP_DB_STRATEGY": "per_request"}

    assert [check for check, _ in messages_after(setting("DEBUG", True), environ)] == ["W020"]
    assert messages_after(setting("DEBUG", True), {"WEBAPP_RUNTIME": ""}) == []


def test_every_listed_name_is_compared():
    # Django 6.1 warns of each use of EMAIL_BACKEND, which the call then leaves alone.
    left_out = {"DJANGO_RUNTIMES", "EMAIL_BACKEND"} if django.VERSION >= (6, 1) else {"DJANGO_RUNTIMES"}

    assert NAMES - left_out <= snapshot({}).keys()
