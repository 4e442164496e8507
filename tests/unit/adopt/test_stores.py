"""The cache and the sessions of WEBAPP_STORE_URL and WEBAPP_SESSIONS."""

import os
import subprocess
import sys
from typing import Any

import pytest

from django_runtimes.adopt.configure import Call
from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.explanation import explain
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import decisions_for, new_project, ready_project, settings_after

REDIS = "redis://:s3cr3t@cache.example/1"
TABLE = "dynamodb://guestbook-store"
REDIS_CACHE = "django_runtimes.stores.redis_cache.RedisStoreCache"
REDIS_SESSIONS = "django_runtimes.stores.redis_cache.StrictRedisCache"
DYNAMODB_CACHE = "django_runtimes.stores.dynamodb.dynamodb_cache.DynamoDBStoreCache"
DYNAMODB_SESSIONS = "django_runtimes.stores.dynamodb.dynamodb_cache.StrictDynamoDBCache"
STORE_SESSIONS = "django_runtimes.stores.sessions"
DATABASE_SESSIONS = "django.contrib.sessions.backends.db"
COOKIES = "django.contrib.sessions.backends.signed_cookies"
CACHED = "django.contrib.sessions.backends.cache"
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
APPS = [*ready_project()["INSTALLED_APPS"], "django.contrib.sessions"]


@pytest.fixture(autouse=True)
def _files(monkeypatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def stores(project: dict[str, Any] | None = None, **variables: str) -> dict[str, Any]:
    settings = settings_after(ready_project(**(project or {})), **variables)
    names = ("CACHES", "SESSION_ENGINE", "SESSION_CACHE_ALIAS")
    return {name: settings[name] for name in names if name in settings}


def test_without_a_variable_nothing_changes():
    project = ready_project(CACHES={"default": {"BACKEND": LOCMEM}}, SESSION_ENGINE=COOKIES)

    decided = decisions_for(project)

    assert not {"CACHES", "SESSION_ENGINE", "SESSION_CACHE_ALIAS"} & decided.settings.keys()
    assert "django_runtimes.stores" not in decided.settings["INSTALLED_APPS"]


def test_redis_holds_the_cache_and_the_sessions():
    assert stores(WEBAPP_STORE_URL=REDIS) == {
        "CACHES": {
            "default": {"BACKEND": REDIS_CACHE, "LOCATION": REDIS, "KEY_PREFIX": "cache"},
            "store_sessions": {"BACKEND": REDIS_SESSIONS, "LOCATION": REDIS, "KEY_PREFIX": "sessions"},
        },
        "SESSION_ENGINE": STORE_SESSIONS,
        "SESSION_CACHE_ALIAS": "store_sessions",
    }


@pytest.mark.parametrize(
    "variables", [{"AWS_REGION": "eu-west-1"}, {"WEBAPP_STORE_URL": f"{TABLE}?region=eu-west-1"}], ids=["own", "url"]
)
def test_a_table_is_in_the_region_of_the_variables_or_the_url(variables):
    place = {"LOCATION": "guestbook-store", "OPTIONS": {"region": "eu-west-1"}}

    assert stores(**{"WEBAPP_STORE_URL": TABLE, **variables}) == {
        "CACHES": {
            "default": {"BACKEND": DYNAMODB_CACHE, **place, "KEY_PREFIX": "cache"},
            "store_sessions": {"BACKEND": DYNAMODB_SESSIONS, **place, "KEY_PREFIX": "sessions"},
        },
        "SESSION_ENGINE": STORE_SESSIONS,
        "SESSION_CACHE_ALIAS": "store_sessions",
    }


def test_a_table_without_a_region_is_an_error(tmp_path):
    files = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}

    with pytest.raises(
        ConfigurationError, match="names the DynamoDB table 'guestbook-store', but AWS_REGION is not set"
    ):
        stores(WEBAPP_STORE_URL=TABLE, **files)
    (tmp_path / "config").write_text("[default]\nregion = eu-west-3\n")
    assert stores(WEBAPP_STORE_URL=TABLE, **files)["CACHES"]["default"]["OPTIONS"] == {"region": "eu-west-3"}


def test_memory_holds_the_cache_and_sessions_only_if_they_are_named():
    assert stores(WEBAPP_STORE_URL="memory://") == {"CACHES": {"default": {"BACKEND": LOCMEM, "KEY_PREFIX": "cache"}}}
    assert stores(WEBAPP_STORE_URL="memory://", WEBAPP_SESSIONS="store") == {
        "CACHES": {
            "default": {"BACKEND": LOCMEM, "KEY_PREFIX": "cache"},
            "store_sessions": {"BACKEND": LOCMEM, "KEY_PREFIX": "sessions", "LOCATION": "store_sessions"},
        },
        "SESSION_ENGINE": STORE_SESSIONS,
        "SESSION_CACHE_ALIAS": "store_sessions",
    }


def test_other_caches_and_the_projects_keys_and_lifetimes_are_kept():
    files = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "/tmp/files"}
    own = {
        "default": {
            "BACKEND": LOCMEM,
            "LOCATION": "mine",
            "TIMEOUT": 60,
            "KEY_PREFIX": "shop",
            "VERSION": 2,
            "OPTIONS": {"MAX_ENTRIES": 5},
        },
        "files": files,
    }

    caches = stores({"CACHES": own}, WEBAPP_STORE_URL=REDIS)["CACHES"]

    assert caches["default"] == {
        "BACKEND": REDIS_CACHE,
        "LOCATION": REDIS,
        "TIMEOUT": 60,
        "KEY_PREFIX": "shop",
        "VERSION": 2,
    }
    assert caches["files"] is files


@pytest.mark.parametrize("engine", [COOKIES, DATABASE_SESSIONS, "django.contrib.sessions.backends.cached_db"])
def test_the_projects_own_engine_is_kept_unless_a_variable_moves_it(engine):
    project = {"SESSION_ENGINE": engine}

    assert stores(project, WEBAPP_STORE_URL=REDIS)["SESSION_ENGINE"] == engine
    assert list(stores(project, WEBAPP_STORE_URL=REDIS)["CACHES"]) == ["default"]
    assert stores(project, WEBAPP_STORE_URL=REDIS, WEBAPP_SESSIONS="store")["SESSION_ENGINE"] == STORE_SESSIONS


def test_djangos_sessions_in_the_default_cache_become_the_stores():
    # They would log visitors out while the store does not answer.
    assert stores({"SESSION_ENGINE": CACHED}, WEBAPP_STORE_URL=REDIS)["SESSION_ENGINE"] == STORE_SESSIONS
    own = {"SESSION_ENGINE": CACHED, "SESSION_CACHE_ALIAS": "mine", "CACHES": {"mine": {"BACKEND": LOCMEM}}}
    assert stores(own, WEBAPP_STORE_URL=REDIS)["SESSION_ENGINE"] == CACHED


def test_sessions_are_in_the_database_if_chosen():
    project = {"SESSION_ENGINE": COOKIES, "INSTALLED_APPS": APPS}
    settings = stores(project, WEBAPP_STORE_URL=REDIS, WEBAPP_SESSIONS="database")

    assert settings["SESSION_ENGINE"] == DATABASE_SESSIONS
    assert list(settings["CACHES"]) == ["default"]
    assert stores(project, WEBAPP_SESSIONS="database") == {"SESSION_ENGINE": DATABASE_SESSIONS}


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        (
            {"WEBAPP_SESSIONS": "store"},
            "WEBAPP_SESSIONS=store, but WEBAPP_STORE_URL is not set; set it, or WEBAPP_SESSIONS=database",
        ),
        (
            {"WEBAPP_SESSIONS": "database"},
            "WEBAPP_SESSIONS=database needs the table of 'django.contrib.sessions', which INSTALLED_APPS does not "
            "have; add it, or set WEBAPP_SESSIONS=store",
        ),
        (
            {"WEBAPP_SESSIONS": "redis"},
            "WEBAPP_SESSIONS='redis' is not a place for sessions; choose one of: database, store",
        ),
        (
            {"WEBAPP_STORE_URL": "mysql://:s3cr3t@x"},
            "WEBAPP_STORE_URL has the scheme mysql, which is no store; write memory://, "
            "redis://user:password@host:port/0 (rediss:// with TLS; valkey:// and valkeys:// for Valkey), or "
            "dynamodb://TABLE",
        ),
    ],
)
def test_what_cannot_work_is_one_error_with_its_remedy(variables, error):
    with pytest.raises(ConfigurationError) as raised:
        stores(**variables)

    assert (str(raised.value), *raised.value.others) == (error,)


def test_the_variable_counts_under_local_too():
    decided = decide(new_project(), {"WEBAPP_RUNTIME": "local", "WEBAPP_STORE_URL": REDIS})

    assert decided.settings["CACHES"]["default"]["LOCATION"] == REDIS
    assert decided.settings["INSTALLED_APPS"][-1] == "django_runtimes.stores"


def test_the_explanation_shows_no_password():
    project = ready_project()
    decided = decisions_for(project, WEBAPP_STORE_URL=REDIS)

    text = explain(Call("config.settings", 9, project, decided.changes, decided.adopted))

    assert "WEBAPP_STORE_URL is set" in text
    assert "s3cr3t" not in text


def test_a_missing_extra_is_named(tmp_path):
    """Run in a process of its own, since redis-py is installed here."""
    (tmp_path / "own_settings.py").write_text(
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'redis' else find(name)\n"
        "from django_runtimes import configure\n"
        "INSTALLED_APPS, DATABASES, SECRET_KEY = [], {}, 'x' * 25 + 'abcdefgh' * 5\n"
        "configure(globals())\n"
    )
    environ = {"PATH": os.environ["PATH"], "WEBAPP_STORE_URL": REDIS, "PYTHONPATH": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-c", "import own_settings"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "WEBAPP_STORE_URL with Redis or Valkey needs redis, of the extra [redis]; " in ended.stderr


@pytest.mark.parametrize(
    ("url", "is_plain"),
    [
        ("redis://:s3cr3t@cache.example:6379/0", True),
        ("rediss://:s3cr3t@cache.example", False),
        ("redis://127.0.0.1", False),
        ("memory://", False),
        ("", False),
    ],
)
def test_a_store_in_plain_text_is_a_warning(monkeypatch, url, is_plain):
    from django_runtimes.stores.apps import check_encrypted_store

    monkeypatch.setenv("WEBAPP_STORE_URL", url)
    monkeypatch.setattr(
        "django_runtimes.stores.store_checks.adopted_by", lambda settings: decisions_for({**ready_project()}).adopted
    )

    messages = check_encrypted_store()

    assert [message.id for message in messages] == ["django_runtimes.W032"] * is_plain
    assert all("cache.example:6379" in message.msg and "s3cr3t" not in message.msg for message in messages)
