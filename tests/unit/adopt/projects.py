"""Settings of example projects, and `configure()` applied to them."""

from typing import Any

from django_runtimes.adopt.decisions import Decisions, decide

SECRET_KEY = "a-key-of-the-projects-own-" + "0123456789" * 3
URL = "postgresql://app:secret@db.example:5433/shop"
# Every runtime except `local` needs these when the project itself reads no variables.
DEPLOYED = {
    "WEBAPP_RUNTIME": "aws_ecs",
    "WEBAPP_SECRET_KEY": "a-key-of-the-variables-" + "0123456789" * 3,
    "WEBAPP_ALLOWED_HOSTS": "www.example",
    "DATABASE_URL": URL,
}
ON_LAMBDA = DEPLOYED | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "proxy.example"}


def new_project() -> dict[str, Any]:
    """Return the settings that `django-admin startproject` writes."""
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


def ready_project(**settings: Any) -> dict[str, Any]:
    """Return settings that can be deployed without a variable."""
    return {
        **new_project(),
        "SECRET_KEY": SECRET_KEY,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["shop.example"],
        "DATABASES": {"default": postgresql()},
        **settings,
    }


def postgresql(**keys: Any) -> dict[str, Any]:
    """Return an entry of DATABASES."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "own",
        "USER": "owner",
        "PASSWORD": "0wn",
        "HOST": "own.example",
        "PORT": "",
        **keys,
    }


def decisions_for(settings: dict[str, Any], **environ: str) -> Decisions:
    """Return the decisions for ECS, or for the runtime in `environ`."""
    return decide(settings, {"WEBAPP_RUNTIME": "aws_ecs", **environ})


def settings_after(settings: dict[str, Any], **environ: str) -> dict[str, Any]:
    """Return the settings with the decisions applied."""
    return {**settings, **decisions_for(settings, **environ).settings}


def default_database(entry: dict[str, Any], **environ: str) -> dict[str, Any]:
    return settings_after(ready_project(DATABASES={"default": entry}), **environ)["DATABASES"]["default"]
