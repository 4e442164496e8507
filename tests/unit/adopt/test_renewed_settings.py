"""Settings get the current values of rotated secrets."""

from types import SimpleNamespace

import pytest
from django.conf import LazySettings, UserSettingsHolder, global_settings

from django_runtimes.adopt import configure, renewed_settings
from django_runtimes.adopt.configure import Caller, configure_at
from django_runtimes.adopt.renewed_settings import renew_settings
from django_runtimes.config.secret import Secret


@pytest.fixture
def settings(monkeypatch):
    """Django's settings with the values that a test gives to them, and without a call of configure()."""
    holder = UserSettingsHolder(SimpleNamespace(**{n: getattr(global_settings, n) for n in dir(global_settings)}))
    lazy = LazySettings()
    object.__setattr__(lazy, "_wrapped", holder)
    holder.SETTINGS_MODULE = "tests.no_settings"
    monkeypatch.setattr("django.conf.settings", lazy)
    monkeypatch.setattr(renewed_settings, "last_call", lambda: None)
    return lazy


def test_a_setting_that_is_the_secret(settings):
    settings.SECRET_KEY = Secret("old key")
    settings.OTHER = "unrelated"

    assert renew_settings({"SECRET_KEY": ("old key", "new key")}) == ["SECRET_KEY"]
    assert (settings.SECRET_KEY, settings.OTHER) == ("new key", "unrelated")
    assert repr(settings.SECRET_KEY) == "'********'"


def test_a_setting_in_bytes(settings):
    settings.SIGNING_KEY = b"old key"

    renew_settings({"SIGNING_KEY": ("old key", "new key")})

    assert settings.SIGNING_KEY == b"new key"


def test_containers_that_others_refer_to_change_in_place(settings):
    entry = {"OPTIONS": {"password": "old password"}, "hosts": ["a", "old password"]}
    settings.SEARCH = {"default": entry}

    renew_settings({"SEARCH_PASSWORD": ("old password", "new password")})

    assert entry == {"OPTIONS": {"password": "new password"}, "hosts": ["a", "new password"]}
    assert settings.SEARCH["default"] is entry


def test_a_longer_text_that_contains_the_secret(settings):
    settings.BROKER_URL = "amqp://shop:old-password@broker/1"
    settings.KEYS = ("old-password", "other")

    renew_settings({"BROKER_PASSWORD": ("old-password", "new-password")})

    assert settings.BROKER_URL == "amqp://shop:new-password@broker/1"
    assert settings.KEYS == ("new-password", "other")


def test_a_short_secret_replaces_whole_values_only(settings):
    settings.PIN = "1234"
    settings.PHONE = "555 1234 55"

    renew_settings({"PIN": ("1234", "9876")})

    assert (settings.PIN, settings.PHONE) == ("9876", "555 1234 55")


def test_the_login_of_a_url_that_the_settings_have_parsed(settings):
    settings.DATABASES = {"default": {"USER": "app_a", "PASSWORD": "p@ss/one", "NAME": "app_a_db", "HOST": "db"}}
    settings.TEAM = "app_a"

    renewed = renew_settings(
        {"DATABASE_URL": ("postgres://app_a:p%40ss%2Fone@db/app_a_db", "postgres://app_b:p%40ss%2Ftwo@db/app_a_db")}
    )

    assert renewed == ["DATABASES"]
    assert settings.DATABASES == {
        "default": {"USER": "app_b", "PASSWORD": "p@ss/two", "NAME": "app_a_db", "HOST": "db"}
    }
    assert settings.TEAM == "app_a"


def test_an_unset_variable_replaces_nothing(settings):
    settings.EMPTY = ""

    assert renew_settings({"TOKEN": ("", "new")}) == []
    assert settings.EMPTY == ""


def test_the_settings_that_configure_decided(settings, monkeypatch):
    variables = {
        "WEBAPP_RUNTIME": "aws_ecs",
        "WEBAPP_ALLOWED_HOSTS": "shop.example",
        "WEBAPP_SECRET_KEY": "k" * 49 + "1",
        "WEBAPP_SECRET_KEY_FALLBACKS": "former, older",
        "DATABASE_URL": "postgresql://app:old%21@db/shop",
    }
    monkeypatch.setattr(configure, "_calls", [])
    monkeypatch.setattr("os.environ", dict(variables))
    project = {
        "INSTALLED_APPS": [],
        "MIDDLEWARE": [],
        "DATABASES": {},
        "SECRET_KEY": "",
        "STATIC_ROOT": "static",
        "__name__": "shop",
    }
    configure_at(project, Caller("shop", 1, project))
    monkeypatch.setattr(renewed_settings, "last_call", configure.last_call)
    for name, value in project.items():
        if name.isupper():
            setattr(settings, name, value)
    database = settings.DATABASES["default"]
    current = {
        "WEBAPP_SECRET_KEY": "n" * 49 + "1",
        "WEBAPP_SECRET_KEY_FALLBACKS": f"{'k' * 49}1",
        "DATABASE_URL": "postgresql://app:new%21@db/shop",
    }
    rotated = {name: (variables[name], value) for name, value in current.items()}
    monkeypatch.setattr("os.environ", {**variables, **current})

    changed = renew_settings(rotated)

    assert changed == ["DATABASES", "SECRET_KEY", "SECRET_KEY_FALLBACKS"]
    assert settings.SECRET_KEY == "n" * 49 + "1"
    assert settings.SECRET_KEY_FALLBACKS == ["k" * 49 + "1"]
    assert (settings.DATABASES["default"] is database, database["PASSWORD"]) == (True, "new!")
