"""Generates settings of projects and variables of processes, in many combinations."""

import copy
import random
from typing import Any

from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, URL, postgresql, ready_project

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
