"""For each setting, a variable beats the project's value, which beats the profile."""

import pytest

from tests.unit.adopt.projects import (
    DEPLOYED,
    ON_LAMBDA,
    SECRET_KEY,
    decisions_for,
    new_project,
    ready_project,
    settings_after,
)

KEY = DEPLOYED["WEBAPP_SECRET_KEY"]


@pytest.mark.parametrize(
    ("variable", "name", "value"),
    [
        ({"WEBAPP_SECRET_KEY": KEY}, "SECRET_KEY", KEY),
        ({"WEBAPP_SECRET_KEY_FALLBACKS": "old,older"}, "SECRET_KEY_FALLBACKS", ["old", "older"]),
        ({"WEBAPP_ALLOWED_HOSTS": "a.example"}, "ALLOWED_HOSTS", ["a.example"]),
        ({"WEBAPP_CSRF_TRUSTED_ORIGINS": "http://a.example"}, "CSRF_TRUSTED_ORIGINS", ["http://a.example"]),
        ({"WEBAPP_DEBUG": "0"}, "DEBUG", False),
        ({"WEBAPP_HSTS_SECONDS": "7"}, "SECURE_HSTS_SECONDS", 7),
        ({"WEBAPP_HTTPS": "1"}, "SECURE_SSL_REDIRECT", True),
        ({"WEBAPP_HTTPS": "1"}, "SESSION_COOKIE_SECURE", True),
        ({"WEBAPP_PROTO_HEADER": "X-Scheme"}, "SECURE_PROXY_SSL_HEADER", ("HTTP_X_SCHEME", "https")),
        ({"WEBAPP_STATIC_ROOT": "/srv/other"}, "STATIC_ROOT", "/srv/other"),
        ({"WEBAPP_MEDIA_ROOT": "/srv/other"}, "MEDIA_ROOT", "/srv/other"),
        ({"WEBAPP_BASE_PATH": "/shop"}, "SESSION_COOKIE_PATH", "/shop"),
        ({"WEBAPP_BASE_PATH": "/shop"}, "LOGIN_URL", "/shop/in/"),
        ({"WEBAPP_BASE_PATH": "/shop"}, "STATIC_URL", "/shop/static/"),
        ({"WEBAPP_BASE_PATH": "/shop"}, "FORCE_SCRIPT_NAME", None),
        ({"WEBAPP_HOST_HEADER": "X-Viewer-Host"}, "USE_X_FORWARDED_HOST", False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_variable_beats_the_projects_value(variable, name, value):
    project = ready_project(
        SECRET_KEY_FALLBACKS=["own"],
        CSRF_TRUSTED_ORIGINS=["https://own.example"],
        DEBUG=name == "DEBUG",
        SECURE_HSTS_SECONDS=1,
        SECURE_SSL_REDIRECT=False,
        SECURE_PROXY_SSL_HEADER=("HTTP_X_OWN", "yes"),
        SESSION_COOKIE_SECURE=False,
        STATIC_ROOT="/srv/own",
        MEDIA_ROOT="/srv/own",
        SESSION_COOKIE_PATH="/own",
        LOGIN_URL="/in/",
        FORCE_SCRIPT_NAME="/own",
        USE_X_FORWARDED_HOST=True,
    )

    assert settings_after(project, **variable)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", SECRET_KEY),
        ("ALLOWED_HOSTS", ["own.example"]),
        ("CSRF_TRUSTED_ORIGINS", ["https://own.example"]),
        ("FILE_UPLOAD_HANDLERS", ["own.Handler"]),
        ("LOGGING", {"version": 1}),
        ("LOGGING_CONFIG", None),
        ("MEDIA_ROOT", "/srv/own"),
        ("SECURE_HSTS_SECONDS", 0),
        ("SECURE_PROXY_SSL_HEADER", None),
        ("SECURE_SSL_REDIRECT", False),
        ("SESSION_COOKIE_SECURE", False),
        ("STATIC_ROOT", "/srv/own"),
        ("STORAGES", {"default": {"BACKEND": "own.Storage"}}),
    ],
)
def test_the_projects_value_beats_the_profile(name, value):
    assert settings_after(ready_project(**{name: value}))[name] is value


def test_the_profile_fills_settings_that_nothing_else_sets():
    settings = settings_after(ready_project())

    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert (
        settings["SECURE_SSL_REDIRECT"] is settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is True
    )
    assert settings["SECURE_HSTS_SECONDS"] == 3600
    assert settings["SILENCED_SYSTEM_CHECKS"] == ["security.W005", "security.W021"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://shop.example"]
    formatter = settings["LOGGING"]["formatters"]["line"]["()"]
    assert formatter == "django_runtimes.observability.line_formatters.JsonLineFormatter"
    assert settings["STATIC_ROOT"].endswith("/build/static")


def test_errors_are_mailed_if_the_project_has_admins():
    settings = settings_after(ready_project(ADMINS=[("Ada", "ada@shop.example")]))

    assert settings["LOGGING"]["loggers"]["django"]["handlers"] == ["mail_admins"]
    assert settings_after(ready_project())["LOGGING"]["loggers"]["django"]["handlers"] == []


def test_a_comparison_mails_no_errors():
    project = ready_project(ADMINS=[("Ada", "ada@shop.example")])

    assert settings_after(project, WEBAPP_START_PHASES="1")["LOGGING"]["loggers"]["django"]["handlers"] == []


def test_a_project_that_sets_hsts_silences_no_check():
    assert "SILENCED_SYSTEM_CHECKS" not in decisions_for(ready_project(SECURE_HSTS_SECONDS=60)).settings


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("__Host-sid", "sid"),
        ("__secure-SID", "SID"),
        ("__Host-Http-sid", "sid"),
        ("__Host-", "sessionid"),
        ("sid", "sid"),
    ],
)
def test_the_variable_for_plain_http_drops_what_cookies_need_https_for(own: str, name: str):
    project = ready_project(SESSION_COOKIE_NAME=own, CSRF_COOKIE_SAMESITE="None", SESSION_COOKIE_SAMESITE=None)

    settings = settings_after(project, WEBAPP_HTTPS="0")

    assert (settings["SESSION_COOKIE_NAME"], settings["CSRF_COOKIE_SAMESITE"]) == (name, "Lax")
    assert settings["SESSION_COOKIE_SAMESITE"] is None
    assert settings_after(project, WEBAPP_HTTPS="1")["SESSION_COOKIE_NAME"] == own


def test_the_variable_for_plain_http_turns_off_https_settings():
    settings = settings_after(ready_project(SECURE_SSL_REDIRECT=True, SESSION_COOKIE_SECURE=True), WEBAPP_HTTPS="0")

    assert settings["SECURE_SSL_REDIRECT"] is settings["SESSION_COOKIE_SECURE"] is False
    assert "SECURE_PROXY_SSL_HEADER" not in settings


def test_log_variables_are_ignored_if_the_project_sets_logging():
    adopted = decisions_for(ready_project(LOGGING={"version": 1}), WEBAPP_LOG_LEVEL="debug").adopted

    assert adopted.ignored_variables == (("WEBAPP_LOG_LEVEL", "the settings have their own LOGGING"),)


def test_the_librarys_apps_follow_the_projects_apps():
    installed = settings_after(ready_project())["INSTALLED_APPS"]

    assert installed[: len(ready_project()["INSTALLED_APPS"])] == ready_project()["INSTALLED_APPS"]
    assert installed[len(ready_project()["INSTALLED_APPS"]) :] == [
        "django_runtimes.adopt",
        "django_runtimes.databases",
        "django_runtimes.operations",
        "django_runtimes.migration_gate",
        "django_runtimes.observability",
    ]


def test_an_installed_app_is_not_added_again():
    apps = ["django_runtimes.databases.apps.DatabaseConfig", "django_runtimes.operations"]

    installed = settings_after(ready_project(INSTALLED_APPS=apps))["INSTALLED_APPS"]

    assert [app for app in installed if "databases" in app or "operations" in app] == apps


def test_a_bucket_replaces_only_the_default_storage():
    storages = {"default": {"BACKEND": "own.Storage"}, "staticfiles": {"BACKEND": "own.Static"}, "more": {}}

    decisions = decisions_for(
        ready_project(STORAGES=storages), WEBAPP_MEDIA_BUCKET="uploads", AWS_REGION="eu-central-1"
    )

    assert decisions.settings["STORAGES"] == {
        **storages,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": "uploads", "file_overwrite": False},
        },
    }
    assert decisions.settings["AWS_S3_REGION_NAME"] == "eu-central-1"
    assert (decisions.adopted.keeps_media, decisions.adopted.serves_media) == (True, False)


@pytest.mark.parametrize(
    ("backend", "kept"),
    [
        ("django.core.files.storage.FileSystemStorage", False),
        ("tests.unit.adopt.backends.OverwritingStorage", False),
        ("storages.backends.s3.S3Storage", True),
        ("shop.missing.Storage", True),
    ],
)
def test_uploads_are_kept_unless_the_storage_is_a_local_disk(backend, kept):
    project = ready_project(STORAGES={"default": {"BACKEND": backend}})

    assert decisions_for(project).adopted.keeps_media is kept
    assert decisions_for(project, WEBAPP_RUNTIME="local").adopted.keeps_media is True
    assert decisions_for(project, WEBAPP_RUNTIME="local").adopted.serves_media is not kept


def test_an_s3_storage_keeps_its_options():
    own = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "own", "location": "shop"}}

    settings = settings_after(
        ready_project(STORAGES={"default": own}, AWS_S3_REGION_NAME="eu-west-1"),
        WEBAPP_MEDIA_BUCKET="uploads",
        AWS_REGION="eu-central-1",
    )

    assert settings["STORAGES"]["default"]["OPTIONS"] == {"bucket_name": "uploads", "location": "shop"}
    assert settings["AWS_S3_REGION_NAME"] == "eu-west-1"


def test_the_name_of_a_url_pattern_gets_no_base_path():
    assert settings_after(ready_project(LOGIN_URL="login"), WEBAPP_BASE_PATH="/shop")["LOGIN_URL"] == "login"


def test_local_with_a_variable_allows_loopback_hosts():
    settings = settings_after(new_project() | {"DEBUG": False}, WEBAPP_RUNTIME="local")

    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert "SECURE_SSL_REDIRECT" not in settings


@pytest.mark.parametrize(
    ("settings", "zone"),
    [
        ({}, "UTC"),
        ({"USE_TZ": False, "TIME_ZONE": "Europe/Berlin"}, "Europe/Berlin"),
        ({"TIME_ZONE": "Asia/Tokyo"}, "UTC"),
    ],
)
def test_a_session_starts_in_the_time_zone_django_would_set(settings, zone):
    environ = decisions_for(ready_project(**settings)).environ

    assert environ == {"PGTZ": zone, "RES_OPTIONS": "timeout:2 attempts:2"}


def test_a_c_librarys_variable_that_is_already_set_is_kept():
    assert decisions_for(ready_project(), PGTZ="Asia/Tokyo", RES_OPTIONS="").environ == {}


def test_a_function_connects_through_its_proxy():
    settings = settings_after(ready_project(), **ON_LAMBDA)

    assert settings["DATABASES"]["default"]["HOST"] == "proxy.example"
    assert settings["DJANGO_RUNTIMES"].runtime == "aws_lambda"
