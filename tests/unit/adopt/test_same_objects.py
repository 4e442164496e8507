"""Only listed settings change, and none of the project's objects is changed in place."""

import copy
import random
from contextlib import suppress
from typing import Any

import pytest

from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.listed_names import NAMES
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, URL, new_project, postgresql, ready_project

RUNTIMES = ("local", "aws_lambda", "aws_ecs", "aws_app_runner", "kubernetes")
# Settings of the generated projects, each with the values that it may have.
PROJECT_VALUES: dict[str, tuple[Any, ...]] = {
    "ALLOWED_HOSTS": (["shop.example"], (".shop.example",), ["*"]),
    "AUTH_USER_MODEL": ("people.Person",),
    "CACHES": ({"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache"}},),
    "CSRF_TRUSTED_ORIGINS": ([], ["https://shop.example"]),
    "DATABASE_ROUTERS": (["shop.routers.Replica"],),
    "CSRF_COOKIE_SAMESITE": ("Lax", "None", None, False),
    "DEBUG": (True, False),
    "EMAIL_HOST": ("smtp.example",),
    "FORCE_SCRIPT_NAME": ("/shop/", "/other", ""),
    "FILE_UPLOAD_HANDLERS": (["shop.uploads.Handler"],),
    "INSTALLED_APPS": (["django.contrib.auth"], ("django.contrib.staticfiles", "shop.apps.ShopConfig")),
    "LANGUAGES": ([("de", "German")],),
    "LOGGING": ({}, {"version": 1, "handlers": {}}),
    "LOGGING_CONFIG": (None,),
    "LOGIN_URL": ("login", "/login/", "/shop/login/"),
    "MEDIA_ROOT": ("/srv/media",),
    "MEDIA_URL": ("/media/", "https://cdn.example/"),
    "MIDDLEWARE": (
        [],
        ("django.middleware.security.SecurityMiddleware",),
        ["whitenoise.middleware.WhiteNoiseMiddleware"],
    ),
    "OWN_SETTING": (object(), {"nested": [1, 2]}),
    "SECURE_HSTS_SECONDS": (0, 60),
    "SECURE_SSL_REDIRECT": (True, False),
    "SESSION_COOKIE_NAME": ("sid", "__Host-sid"),
    "SESSION_COOKIE_PATH": ("/", "/shop/desk"),
    "SILENCED_SYSTEM_CHECKS": (["security.W005"], ["models.W042"]),
    "STATICFILES_DIRS": (["assets"],),
    "STATIC_ROOT": ("/srv/static",),
    "STATIC_URL": ("static/", "/static/", "https://cdn.example/static/", None),
    "STORAGES": (
        {"default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "own"}}},
        {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    ),
    "TEMPLATES": ([{"BACKEND": "django.template.backends.jinja2.Jinja2"}],),
    "TIME_ZONE": ("Europe/Berlin",),
    "USE_TZ": (True, False),
    "USE_X_FORWARDED_HOST": (True, False),
}
DATABASES: tuple[dict[str, Any], ...] = (
    {},
    {"default": {}, "people": postgresql()},
    {"default": postgresql(ATOMIC_REQUESTS=True, OPTIONS={"options": "-c search_path=shop", "pool": True})},
    {"default": postgresql(CONN_MAX_AGE=60, TEST={"NAME": "t"}), "replica": postgresql(TEST={"MIRROR": "default"})},
    {
        "default": postgresql(ENGINE="django.contrib.gis.db.backends.postgis"),
        "old": {"ENGINE": "django.db.backends.mysql"},
    },
    {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3", "OPTIONS": {"timeout": 20}}},
    {"default": postgresql(ENGINE="django_tenants.postgresql_backend", OPTIONS={"sslmode": "require"})},
)
VARIABLE_VALUES = {
    "DATABASE_URL": (URL, "sqlite:///db.sqlite3"),
    "WEBAPP_ALLOWED_HOSTS": ("www.example",),
    "WEBAPP_BASE_PATH": ("/shop",),
    "WEBAPP_DB_POOL_MAX_SIZE": ("3",),
    "WEBAPP_DB_PROXY_HOST": ("proxy.example",),
    "WEBAPP_DB_ROLE": ("operations",),
    "WEBAPP_DB_ROUTE": ("direct", "proxy"),
    "WEBAPP_DB_STRATEGY": ("per_request", "persistent", "pool"),
    "WEBAPP_DEBUG": ("0", "1"),
    "WEBAPP_HOST_HEADER": ("X-Viewer-Host",),
    "WEBAPP_HSTS_SECONDS": ("5",),
    "WEBAPP_HTTPS": ("0", "1"),
    "WEBAPP_LOG_LEVEL": ("debug",),
    "WEBAPP_MEDIA_BUCKET": ("uploads",),
    "WEBAPP_SECRET_KEY": (DEPLOYED["WEBAPP_SECRET_KEY"],),
    "WEBAPP_STATIC_ROOT": ("static",),
}


def generated(seed: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a project's settings and a process's variables, both chosen by the seed."""
    chance = random.Random(seed)
    chosen = {name: chance.choice(values) for name, values in PROJECT_VALUES.items() if chance.random() < 0.4}
    project = ready_project(DATABASES=chance.choice(DATABASES)) | chosen
    environ = {name: chance.choice(values) for name, values in VARIABLE_VALUES.items() if chance.random() < 0.4}
    # Usually set the variables that a deployment needs, so that most seeds lead to decisions.
    deployment = ON_LAMBDA if chance.random() < 0.8 else {}
    return copy.deepcopy(project), {
        "AWS_REGION": "eu-central-1",
        **deployment,
        **environ,
        "WEBAPP_RUNTIME": chance.choice(RUNTIMES),
    }


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
    ],
)
def test_nothing_changes_under_local_if_settings_read_the_url(url, read):
    entry = _entry() | read

    decisions = decide(new_project() | {"DATABASES": {"default": entry}}, {"DATABASE_URL": url})

    assert (decisions.settings, decisions.changes, decisions.environ) == ({}, (), {})
    assert decisions.adopted.web_role == entry["USER"]


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
    project = ready_project(DATABASES={"default": postgresql(), "old": {"ENGINE": "django.db.backends.mysql"}})

    databases = decide(project, DEPLOYED).settings["DATABASES"]

    assert databases["old"] is project["DATABASES"]["old"]
    assert databases["default"] is not project["DATABASES"]["default"]


def test_a_sequence_keeps_its_type():
    project = ready_project(INSTALLED_APPS=("django.contrib.staticfiles",), MIDDLEWARE=())

    settings = decide(project, DEPLOYED).settings

    assert isinstance(settings["INSTALLED_APPS"], tuple)
    assert settings["MIDDLEWARE"] == ("whitenoise.middleware.WhiteNoiseMiddleware",)
