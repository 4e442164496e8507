"""System checks for settings that do not work on the project's runtime."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.core.files.storage import FileSystemStorage
from django.test import override_settings
from django.utils.decorators import method_decorator
from django.views import View

from django_runtimes import throttle
from django_runtimes.adopt.checks import CHECKS, DEPLOY_CHECKS, commands, later, unshared_limits
from django_runtimes.config.adopted import Adopted, MediaQuestion
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import Detection
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.throttling import throttled_view
from webapp.guestbook.models import Entry

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
ON_DISK = "django.core.cache.backends.filebased.FileBasedCache"
REDIS = "django.core.cache.backends.redis.RedisCache"
W031 = "django_runtimes.W031"
S3 = {"BACKEND": "storages.backends.s3.S3Storage"}
OF_PROJECT = "tests.unit.adopt.backends"
FILE_SYSTEM = {"BACKEND": "django.core.files.storage.FileSystemStorage"}

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting")


@pytest.fixture(autouse=True)
def _no_limits_of_other_tests(monkeypatch) -> None:
    monkeypatch.setattr(unshared_limits, "limited_views", set())


class Starting:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        threading.Thread(target=print).start()
        return self.get_response(request)


def nested(get_response):
    def middleware(request):
        with ThreadPoolExecutor() as executor:
            executor.submit(print)
        return get_response(request)

    return middleware


class Quiet:
    def __init__(self, get_response):
        self.get_response = get_response


def on(runtime: Runtime) -> Adopted:
    """Return the decisions for the suite's own project on a runtime."""
    profile = choose_profile(runtime, Environment({}))
    return django_settings.DJANGO_RUNTIMES._replace(
        detection=Detection(runtime, "a test"), profile=profile, media_question=MediaQuestion()
    )


def message_ids(runtime: Runtime, checks=CHECKS, **settings) -> list[str]:
    """Return the IDs of the messages for the suite's own project with these settings."""
    with override_settings(**{"DJANGO_RUNTIMES": on(runtime), "STORAGES": {"default": S3}, "DATABASES": {}} | settings):
        return [message.id for check in checks if check is not later.check_set_later for message in check()]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"CACHES": {"default": {"BACKEND": REDIS, "LOCATION": "redis://cache"}}}, []),
        ({"CACHES": {"default": {"BACKEND": LOCMEM}}}, ["django_runtimes.W022"]),
        ({"CACHES": {"default": {"BACKEND": ON_DISK, "LOCATION": "/tmp/cache"}}}, ["django_runtimes.W022"]),
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.file"}, ["django_runtimes.W023"]),
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.cached_db"}, []),
        ({"STORAGES": {"default": FILE_SYSTEM}}, ["django_runtimes.W024"]),
        ({"STORAGES": {"default": S3}}, []),
        ({"CACHES": {"default": {"BACKEND": f"{OF_PROJECT}.MemoryCache"}}}, ["django_runtimes.W022"]),
        ({"CACHES": {"default": {"BACKEND": f"{OF_PROJECT}.DiskCache", "LOCATION": "c"}}}, ["django_runtimes.W022"]),
        ({"CACHES": {"default": {"BACKEND": "shop.missing.Cache"}}}, []),
        ({"SESSION_ENGINE": OF_PROJECT}, ["django_runtimes.W023"]),
        ({"SESSION_ENGINE": "shop.missing"}, []),
        ({"STORAGES": {"default": {"BACKEND": f"{OF_PROJECT}.OverwritingStorage"}}}, ["django_runtimes.W024"]),
        ({"STORAGES": {"default": {"BACKEND": "shop.missing.Storage"}}}, []),
        ({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s3cret"}, ["django_runtimes.W026"]),
        (
            {"STORAGES": {"default": S3 | {"OPTIONS": {"secret_key": "s"}}}},
            ["django_runtimes.W026"],
        ),
        ({"AWS_ACCESS_KEY_ID": ""}, []),
        ({"ALLOWED_HOSTS": ["*"]}, ["django_runtimes.W028"]),
    ],
)
def test_settings_that_fail_outside_local_get_a_warning(settings, expected):
    assert message_ids(Runtime.AWS_ECS, **settings) == message_ids(Runtime.AWS_LAMBDA, **settings) == expected
    assert message_ids(Runtime.LOCAL, **settings) == []


def test_a_static_bucket_needs_names_with_hashes(monkeypatch):
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    hashed = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
    assert message_ids(Runtime.LOCAL, STORAGES=plain) == []

    monkeypatch.setenv("WEBAPP_STATIC_BUCKET", "shop-static")

    assert message_ids(Runtime.LOCAL, STORAGES=plain) == ["django_runtimes.W037"]
    assert message_ids(Runtime.LOCAL, STORAGES=hashed) == []


def test_settings_that_turn_uploads_off_get_no_warning(monkeypatch):
    monkeypatch.setattr(MediaQuestion, "is_asked", True)

    assert message_ids(Runtime.AWS_ECS, STORAGES={"default": FILE_SYSTEM}) == []


def test_a_field_with_a_storage_of_its_own_on_the_disk_gets_a_warning(monkeypatch):
    picture = Entry._meta.get_field("picture")
    monkeypatch.setattr(MediaQuestion, "is_asked", True)
    assert message_ids(Runtime.AWS_ECS) == []

    monkeypatch.setattr(picture, "storage", FileSystemStorage("/srv/pictures"))

    assert message_ids(Runtime.AWS_ECS) == ["django_runtimes.W024"]
    assert message_ids(Runtime.LOCAL) == []


def test_sessions_in_a_per_process_cache_get_a_warning():
    settings = {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": {"default": {"BACKEND": LOCMEM}}}

    assert message_ids(Runtime.AWS_ECS, **settings) == ["django_runtimes.W022", "django_runtimes.W023"]
    assert message_ids(Runtime.AWS_ECS, SESSION_ENGINE=settings["SESSION_ENGINE"]) == ["django_runtimes.W023"]
    assert message_ids(Runtime.AWS_ECS, SESSION_ENGINE="tests.unit.adopt.cached_sessions") == ["django_runtimes.W023"]


def test_a_store_in_memory_gets_the_warnings_of_a_cache_in_memory():
    settings = {
        "SESSION_ENGINE": "django_runtimes.stores.sessions",
        "SESSION_CACHE_ALIAS": "store_sessions",
        "CACHES": {"default": {"BACKEND": LOCMEM}, "store_sessions": {"BACKEND": LOCMEM, "LOCATION": "s"}},
    }

    assert message_ids(Runtime.AWS_ECS, **settings) == ["django_runtimes.W022"] * 2 + ["django_runtimes.W023"]


@pytest.mark.parametrize(
    ("engine", "backend", "expected"),
    [
        ("tests.unit.adopt.cached_sessions", "RedisStoreCache", ["django_runtimes.W038"]),
        ("django_runtimes.stores.sessions", "RedisStoreCache", ["django_runtimes.W038"]),
        ("django_runtimes.stores.sessions", "StrictRedisCache", []),
        ("django.contrib.sessions.backends.cached_db", "RedisStoreCache", []),
    ],
)
def test_sessions_that_an_outage_of_the_store_loses_get_a_warning(engine, backend, expected):
    cache = {"BACKEND": f"django_runtimes.stores.redis_cache.{backend}", "LOCATION": "rediss://cache.example"}

    assert message_ids(Runtime.AWS_ECS, SESSION_ENGINE=engine, CACHES={"default": cache}) == expected


@pytest.mark.parametrize(("name", "count"), [("Starting", 1), ("nested", 1), ("Quiet", 0)])
def test_middleware_that_starts_threads_gets_a_warning_on_lambda(monkeypatch, name, count):
    module = ModuleType("shop.middleware")
    middleware = globals()[name]
    monkeypatch.setattr(middleware, "__module__", module.__name__)
    for value in vars(middleware).values():
        if callable(value):
            value.__module__ = module.__name__
    setattr(module, name, middleware)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "shop", ModuleType("shop"))
    settings = {"MIDDLEWARE": ["django.middleware.common.CommonMiddleware", f"shop.middleware.{name}"]}

    assert message_ids(Runtime.AWS_LAMBDA, **settings) == ["django_runtimes.W025"] * count
    assert message_ids(Runtime.AWS_ECS, **settings) == []


def test_modules_that_import_psycopg2_get_a_warning(monkeypatch):
    driver, shop = ModuleType("psycopg2"), ModuleType("shop.models")
    shop.psycopg2 = driver
    monkeypatch.setitem(sys.modules, "psycopg2", driver)
    monkeypatch.setitem(sys.modules, "shop.models", shop)

    assert message_ids(Runtime.AWS_ECS) == ["django_runtimes.W027"]


def test_a_projects_own_migrate_command_gets_a_warning(monkeypatch):
    monkeypatch.setattr(commands, "get_commands", lambda: {"migrate": "django_tenants"})

    (warning,) = commands.check_migrate()

    assert (warning.id, warning.msg.startswith("`migrate` is the command of django_tenants, which takes no lock")) == (
        "django_runtimes.W021",
        True,
    )


@pytest.mark.parametrize("key", ["a" * 60, b"a" * 60, "abcd" * 15])
def test_a_key_with_few_distinct_characters_gets_a_warning(key):
    with override_settings(
        SECRET_KEY=key,
        DJANGO_RUNTIMES=django_settings.DJANGO_RUNTIMES._replace(detection=Detection(Runtime.AWS_ECS, "a test")),
    ):
        plain = [message.id for message in run_checks()]
        (warning,) = [message for message in run_checks(include_deployment_checks=True) if message.id == W031]

    assert W031 not in plain
    assert str(key) not in warning.msg
    assert message_ids(Runtime.AWS_ECS, DEPLOY_CHECKS, SECRET_KEY="abcde" * 12) == []
    assert message_ids(Runtime.LOCAL, DEPLOY_CHECKS, SECRET_KEY=key) == []


def test_limits_that_each_process_counts_alone_get_a_warning(monkeypatch):
    monkeypatch.setattr(throttled_view, "limited_views", views := set())
    monkeypatch.setattr(unshared_limits, "limited_views", views)
    throttle(lambda request: None)(lambda request: None)
    throttle(None)(lambda request: None)
    assert message_ids(Runtime.AWS_ECS) == []

    method_decorator(throttle("5/m"), name="dispatch")(type("Own", (View,), {}))
    throttle("5/m")(message_ids)

    with override_settings(DJANGO_RUNTIMES=on(Runtime.AWS_ECS)):
        (warning,) = unshared_limits.check_limits()
    assert (warning.id, warning.msg) == (
        "django_runtimes.W035",
        "@throttle limits a class with method_decorator, tests.unit.adopt.test_checks.message_ids in each process "
        "alone, since each counts in its own memory: a client gets the limit once for every process.",
    )
    assert message_ids(Runtime.LOCAL) == []
    shared = {"default": {"BACKEND": "django_runtimes.stores.redis_cache.RedisStoreCache", "LOCATION": "redis://c"}}
    assert message_ids(Runtime.AWS_ECS, CACHES=shared) == []


def test_the_checks_are_registered():
    with override_settings(
        ALLOWED_HOSTS=["*"],
        DJANGO_RUNTIMES=django_settings.DJANGO_RUNTIMES._replace(detection=Detection(Runtime.AWS_ECS, "a test")),
    ):
        assert "django_runtimes.W028" in [message.id for message in run_checks()]
