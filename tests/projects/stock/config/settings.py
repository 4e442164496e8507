"""A small API with its own user model, a replica, ATOMIC_REQUESTS, OPTIONS, cached sessions and LOGGING."""

import os

SECRET_KEY = os.environ.get("STOCK_SECRET_KEY", "django-insecure-only-for-developers-of-the-stock")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "stock.example"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "accounts",
    "items",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "config.urls"
AUTH_USER_MODEL = "accounts.Account"
TIME_ZONE = "Europe/Zurich"
LANGUAGE_CODE = "de-ch"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_MAIN = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ.get("STOCK_DB_NAME", "stock"),
    "USER": os.environ.get("STOCK_DB_USER", "stock"),
    "PASSWORD": os.environ.get("STOCK_DB_PASSWORD", ""),
    "HOST": os.environ.get("STOCK_DB_HOST", "127.0.0.1"),
    "PORT": os.environ.get("STOCK_DB_PORT", "5432"),
    "OPTIONS": {"application_name": "stock"},
}
DATABASES = {
    "default": {**_MAIN, "ATOMIC_REQUESTS": True},
    "replica": {**_MAIN, "HOST": os.environ.get("STOCK_REPLICA_HOST", _MAIN["HOST"]), "TEST": {"MIRROR": "default"}},
}
DATABASE_ROUTERS = ["config.routers.ReplicaRouter"]

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "stock_cache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "stock_session"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "stock %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"items": {"level": "INFO"}},
}
