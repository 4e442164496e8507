"""Composition root: reads the variables once and tells Django how to run here."""

import os
from functools import partial
from pathlib import Path

from django_runtimes.config.databases.settings import database_settings
from django_runtimes.config.databases.web_role import read_web_login, web_role
from django_runtimes.config.detection import detect_runtime
from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.front import read_front
from django_runtimes.config.ignored import ignored_variables
from django_runtimes.config.media import s3_settings
from django_runtimes.config.profile import choose_profile
from django_runtimes.config.runtime import Runtime
from django_runtimes.config.security import hosts_and_origins, secret_key
from django_runtimes.config.variables import (
    application,
    database_address,
    database_connections,
    database_login,
    files,
    hops,
    server,
)
from django_runtimes.databases.certificates import require_root_certificates
from django_runtimes.observability.logs import logging_settings

# libpq sends PGTZ as a startup parameter, which RDS Proxy accepts; otherwise Django sets the time zone
# with a statement, which pins the connection wherever the server's own is not UTC.
os.environ.setdefault("PGTZ", "UTC")
# The resolver's own: a name server that is silent is asked for 10 s, which no timeout of libpq's bounds.
os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:2")

_environment = Environment(os.environ)

RUNTIME_DETECTION = detect_runtime(os.environ)
_runtime = RUNTIME_DETECTION.runtime
_local = _runtime is Runtime.LOCAL

PROFILE = choose_profile(_runtime, _environment)
UNKNOWN_VARIABLES = _environment.unknown_names()

DEBUG = _environment[application.DEBUG]
if DEBUG and not _local:
    raise ConfigurationError(f"WEBAPP_DEBUG=1 shows the application's insides and the runtime is {_runtime}; unset it")

# --- application: what a team replaces -------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_runtimes.databases",
    "django_runtimes.operations",
    "django_runtimes.migration_gate",
    "django_runtimes.observability",
    "webapp.accounts",
    "webapp.guestbook",
]
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
AUTH_USER_MODEL = "accounts.User"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

# --- requests ----------------------------------------------------------------------------------------

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

SERVING_THREADS = PROFILE.threads
SERVING_MAX_WAITING = PROFILE.max_waiting
SERVING_ASYNC_REQUESTS = PROFILE.async_requests
SERVING_DRAIN_S = PROFILE.drain_s
SERVING_MAX_WAIT_S = _environment[server.MAX_WAIT_S]
SERVING_MAX_BODY_BYTES = _environment[server.MAX_BODY_BYTES]
SERVING_WARM_UP = _environment[server.WARM_UP]
# Without HTTPS in front there is no proxy in front.
FRONT = read_front(_environment, https=PROFILE.https)
SERVING_TRUSTED_PROXIES = _environment[hops.TRUSTED_PROXIES] if PROFILE.https else []
# Below the 5 s after which load balancers give a health check up.
READINESS_TIMEOUT_S = 2.0
LIVENESS_POOL_EMPTY_S = _environment[database_connections.DB_POOL_EMPTY_S]

# --- security ----------------------------------------------------------------------------------------

SECRET_KEY = secret_key(_environment, local=_local)
SECRET_KEY_FALLBACKS = _environment[application.SECRET_KEY_FALLBACKS]
ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS = hosts_and_origins(_environment, local=_local)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
X_FRAME_OPTIONS = "DENY"
# Another application under another path of this host has no business with them.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = FRONT.base_path or "/"
# Django's own paths. A setting that names a URL pattern instead needs no base path.
LOGIN_URL = f"{FRONT.base_path}/accounts/login/"
LOGIN_REDIRECT_URL = f"{FRONT.base_path}/accounts/profile/"
if FRONT.base_path:
    # Of Django's cookies the only one without a setting for its path.
    MESSAGE_STORAGE = "django_runtimes.serving.messages.MessageStorage"
if PROFILE.https:
    # Load balancers, HTTP APIs and App Runner overwrite this header; ForwardedHeaders drops it from anybody else.
    SECURE_PROXY_SSL_HEADER = (FRONT.proto_meta_key, "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = _environment[hops.HSTS_SECONDS]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # Subdomains and the browsers' preload list belong to the owner of the domain, not to one application on it.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- database ----------------------------------------------------------------------------------------

DATABASES = {"default": database_settings(_environment, PROFILE)}
require_root_certificates(DATABASES["default"])
DATABASE_IGNORED_VARIABLES = ignored_variables(_environment, PROFILE)
DATABASE_WEB_ROLE = web_role(_environment)
# For `webapp create_web_role` alone: the operations login does without what this one needs.
READ_WEB_LOGIN = partial(read_web_login, _environment)
# What `webapp set_role_timeouts` writes to the web role.
DATABASE_STATEMENT_TIMEOUT_S = _environment[database_connections.DB_STATEMENT_TIMEOUT_S]
DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_S = _environment[database_connections.DB_IDLE_IN_TRANSACTION_TIMEOUT_S]
DATABASE_ROLE = _environment[database_login.DB_ROLE]
DATABASE_PROXY_HOST = _environment[database_address.DB_PROXY_HOST]
MIGRATION_LOCK_TIMEOUT_S = _environment[database_connections.DB_LOCK_TIMEOUT_S]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- files -------------------------------------------------------------------------------------------

STATIC_URL = f"{FRONT.base_path}/static/"
STATIC_ROOT = Path(_environment[files.STATIC_ROOT] or "build/static").absolute()
MEDIA_URL = f"{FRONT.base_path}/media/"
MEDIA_ROOT = Path(_environment[files.MEDIA_ROOT] or "media").absolute()
_media_bucket = _environment[files.MEDIA_BUCKET]
# AWS_S3_REGION_NAME and what else a bucket outside us-east-1 needs, where a project may set them otherwise.
globals().update(s3_settings(_environment, local=_local))
SERVE_MEDIA = _local and _media_bucket is None
GUESTBOOK_PICTURES = _local or _media_bucket is not None
WHITENOISE_USE_FINDERS = DEBUG
if FRONT.base_path:
    # WhiteNoise looks below the path where the application lives.
    WHITENOISE_STATIC_PREFIX = "/static/"
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django_runtimes.serving.uploads.TemporaryFileUploadHandler",
]
STORAGES = {
    "default": (
        {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": _media_bucket}}
        if _media_bucket is not None
        else {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    ),
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# --- logs --------------------------------------------------------------------------------------------

LOGGING = logging_settings(PROFILE.log_format, _environment[application.LOG_LEVEL])
