"""Settings as projects have them, and what `configure()` makes of them."""

from typing import Any

from django_runtimes.adopt.decisions import Decisions, decide

SECRET_KEY = "a-key-of-the-projects-own-" + "0123456789" * 3
URL = "postgresql://app:secret@db.example:5433/shop"
# What every runtime beyond `local` needs where a project reads no variables itself.
DEPLOYED = {
    "WEBAPP_RUNTIME": "aws_ecs",
    "WEBAPP_SECRET_KEY": "a-key-of-the-variables-" + "0123456789" * 3,
    "WEBAPP_ALLOWED_HOSTS": "www.example",
    "DATABASE_URL": URL,
}
ON_LAMBDA = DEPLOYED | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "proxy.example"}


def started() -> dict[str, Any]:
    """What `django-admin startproject` writes."""
    return {
        "__name__": "config.settings",
        "SECRET_KEY": "django-insecure-" + "0123456789" * 4,
        "DEBUG": True,
        "ALLOWED_HOSTS": [],
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.staticfiles"],
        "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
        "ROOT_URLCONF": "config.urls",
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
        "LANGUAGE_CODE": "en-us",
        "TIME_ZONE": "UTC",
        "STATIC_URL": "static/",
    }


def finished(**settings: Any) -> dict[str, Any]:
    """A project that says itself what a deployment needs."""
    return {
        **started(),
        "SECRET_KEY": SECRET_KEY,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["shop.example"],
        "DATABASES": {"default": postgresql()},
        **settings,
    }


def postgresql(**keys: Any) -> dict[str, Any]:
    """An entry of DATABASES."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "own",
        "USER": "owner",
        "PASSWORD": "0wn",
        "HOST": "own.example",
        "PORT": "",
        **keys,
    }


def decided(settings: dict[str, Any], **environ: str) -> Decisions:
    """On ECS unless said otherwise."""
    return decide(settings, {"WEBAPP_RUNTIME": "aws_ecs", **environ})


def after(settings: dict[str, Any], **environ: str) -> dict[str, Any]:
    """The settings as they will be."""
    return {**settings, **decided(settings, **environ).settings}
