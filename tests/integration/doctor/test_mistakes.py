"""`webapp doctor` reports every independent mistake in one run, in the variables and in the settings."""

from collections.abc import Callable

import pytest

from tests.integration.doctor.examination import REQUIRED, UNREACHABLE, doctor, findings
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

PLAIN = (
    "DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'",
    "INSTALLED_APPS = []",
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}",
)
CALL = ("from django_runtimes import configure", "configure(globals())")
ON_POSTGRESQL = (
    *PLAIN[:2],
    f"SECRET_KEY = {SECRET_KEY!r}",
    "ALLOWED_HOSTS = ['shop.example']",
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': '127.0.0.1', 'PORT': 1}}",
    "DATABASES['default']['NAME'] = 'shop'",
)
THREADS = "WEBAPP_THREADS='0' is not a whole number from 1 to 32768"
SERVER_LOST = "web login, direct route: connection failed"


@pytest.fixture
def project(tmp_path) -> Callable[..., dict[str, str]]:
    """Writes a settings module, and returns the variables that select it."""

    def write(*lines: str) -> dict[str, str]:
        (tmp_path / "mistaken.py").write_text("\n".join((*lines, "")))
        return {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "mistaken"}

    return write


def mistakes(section: str, *, runtime: str = "aws_ecs", **environ: str) -> list[str]:
    """Return the texts of a section's findings that are not fine, up to their first comma, colon or semicolon."""
    examined = doctor(section, "--json", WEBAPP_RUNTIME=runtime, **environ)
    assert examined.stderr == ""
    assert examined.returncode == 78
    found = findings(examined, section)
    return [text.partition(";")[0].partition(",")[0].partition(": ")[0] for level, text in found if level != "ok"]


IN_SETTINGS = [
    "DEBUG=True in the settings exposes the application's internals",
    "WEBAPP_SECRET_KEY is not set and SECRET_KEY in the settings begins with 'django-insecure-' and is public",
    "WEBAPP_ALLOWED_HOSTS is not set and ALLOWED_HOSTS in the settings names no host beyond this machine",
    "DATABASES['default'] has the engine 'django.db.backends.sqlite3'",
    "DATABASES['geo'] has the engine 'django.db.backends.sqlite3'",
    "STATICFILES_STORAGE='own.Static' has had no effect since Django 5.1",
    "DEFAULT_FILE_STORAGE='own.Files' has had no effect since Django 5.1",
]


@pytest.mark.parametrize(
    ("invalid", "texts"),
    [
        ({}, []),
        ({"WEBAPP_THREADS": "0"}, [THREADS]),
        (
            {"WEBAPP_THREADS": "0", "WEBAPP_HTTPS": "maybe", "WEBAPP_WORKERS": "many", "WEBAPP_DB_ROUTE": "tunnel"},
            [
                "WEBAPP_HTTPS='maybe' is not a flag",
                "WEBAPP_WORKERS='many' is not a whole number from 1 to 1024",
                THREADS,
                "WEBAPP_DB_ROUTE='tunnel' is not a route",
            ],
        ),
    ],
)
def test_invalid_variables_hide_no_mistake_in_the_settings(project, invalid, texts):
    there = project(
        *PLAIN,
        "DATABASES['geo'] = DATABASES['default']",
        f"SECRET_KEY = 'django-insecure-{SECRET_KEY}'",
        "DEBUG = True",
        "ALLOWED_HOSTS = ['localhost']",
        "STATICFILES_STORAGE = 'own.Static'",
        "DEFAULT_FILE_STORAGE = 'own.Files'",
        "MIDDLEWARE = ['shop.middleware.Lost']",
        "ENGINE = 'django.template.backends.django.DjangoTemplates'",
        "TEMPLATES = [{'BACKEND': ENGINE, 'OPTIONS': {'string_if_invalid': 1}}]",
        *CALL,
    )

    found = mistakes("settings", **invalid, **there)

    assert sorted(found) == sorted([*texts, *IN_SETTINGS, "templates.E002", "MIDDLEWARE does not load"])


def test_a_setting_of_the_wrong_type_hides_no_other_mistake(project):
    there = project(
        *PLAIN, "SECRET_KEY = 7", "ALLOWED_HOSTS = 'shop.example'", "MIDDLEWARE = [None]", "DEBUG = True", *CALL
    )

    assert mistakes("settings", WEBAPP_THREADS="0", **there) == [
        THREADS,
        "ALLOWED_HOSTS is of type str but must be a list",
        "MIDDLEWARE[0] is None but must be a string",
        "SECRET_KEY is of type int but must be a string",
        "DEBUG=True in the settings exposes the application's internals",
        "DATABASES['default'] has the engine 'django.db.backends.sqlite3'",
    ]


def test_an_invalid_database_url_is_one_mistake_among_others(project):
    there = project(
        *PLAIN, f"SECRET_KEY = {SECRET_KEY!r}", "ALLOWED_HOSTS = []", "STATICFILES_STORAGE = 'own.Static'", *CALL
    )

    assert mistakes("settings", DATABASE_URL="postgresql://app:hunter2@db.example:port/app", **there) == [
        "DATABASE_URL has a port that is not a number from 1 to 65535",
        IN_SETTINGS[2],
        IN_SETTINGS[5],
    ]


def test_an_invalid_variable_does_not_hide_a_missing_package(project):
    there = project("import sys", "sys.modules['storages'] = None", *ON_POSTGRESQL, *CALL)

    found = mistakes("settings", WEBAPP_THREADS="0", WEBAPP_MEDIA_BUCKET="uploads", AWS_REGION="eu-central-1", **there)

    assert found == [THREADS, "WEBAPP_MEDIA_BUCKET='uploads' needs django-storages"]


def test_a_missing_extra_and_certificate_are_reported_together(project):
    there = project("import sys", "sys.modules['storages'] = None", *ON_POSTGRESQL, *CALL)
    certificates = {"DATABASE_URL": "postgresql://app@db.example/app", "WEBAPP_DB_ROOT_CERTIFICATES": "/no/where.pem"}

    found = mistakes("settings", WEBAPP_MEDIA_BUCKET="uploads", AWS_REGION="eu-central-1", **certificates, **there)

    assert found == ["WEBAPP_MEDIA_BUCKET='uploads' needs django-storages", "'/no/where.pem'"]


def test_an_unknown_runtime_does_not_hide_mistakes_on_every_runtime(project):
    there = project(*PLAIN, "DEBUG = True", "STATICFILES_STORAGE = 'own.Static'", *CALL)

    assert mistakes("settings", runtime="heroku", **there) == [
        "WEBAPP_RUNTIME='heroku' is not a runtime",
        "STATICFILES_STORAGE='own.Static' has had no effect since Django 5.1",
    ]


def test_a_declaration_that_contradicts_lambda_does_not_hide_its_mistakes(project):
    there = project(*ON_POSTGRESQL, "DEBUG = True", *CALL)

    assert mistakes("settings", AWS_LAMBDA_FUNCTION_NAME="shop", **there) == [
        "WEBAPP_RUNTIME='aws_ecs' contradicts AWS_LAMBDA_FUNCTION_NAME",
        "DEBUG=True in the settings exposes the application's internals",
        "WEBAPP_DB_PROXY_HOST is not set",
    ]


@pytest.mark.parametrize(
    "last", ["RUNTIME = configure(globals()).runtime", "configure(globals()); DATABASES['default']['OPTIONS']['pool']"]
)
def test_errors_that_follow_from_a_mistake_are_not_reported(project, last):
    there = project(*ON_POSTGRESQL, CALL[0], last)

    assert mistakes("settings", WEBAPP_THREADS="0", **there) == [THREADS]


@pytest.mark.parametrize("mistake", ["DEBUG = True", ""])
def test_a_mistake_does_not_hide_the_server_in_the_settings(project, mistake):
    there = project(*ON_POSTGRESQL, mistake, *CALL)

    examined = doctor("settings", "database", "--json", WEBAPP_RUNTIME="aws_ecs", WEBAPP_THREADS="0", **there)

    ((level, text),) = findings(examined, "database")
    assert level == "wrong"
    assert text.startswith(SERVER_LOST)


def test_every_login_is_examined_if_one_is_not_configured(project):
    there = project(*ON_POSTGRESQL, "DATABASES['replica'] = DATABASES['default']", *CALL)

    examined = doctor("database", "--json", WEBAPP_RUNTIME="aws_ecs", WEBAPP_DB_OPERATIONS_PASSWORD="0wner", **there)

    assert [
        (level, text.partition(" failed")[0].partition(";")[0]) for level, text in findings(examined, "database")
    ] == [
        ("wrong", "web login, direct route: connection"),
        ("unreadable", "WEBAPP_DB_OPERATIONS_PASSWORD is set without its user"),
        ("wrong", "DATABASES['replica']: connection"),
    ]


def test_another_engine_stays_the_projects_if_something_else_is_wrong(project):
    there = project(
        *ON_POSTGRESQL[:-2], "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}", "DEBUG = True", *CALL
    )

    examined = doctor("database", "budget", "--json", WEBAPP_RUNTIME="aws_ecs", **there)

    assert findings(examined, "database") == [
        (
            "skipped",
            "DATABASES['default'] has the engine 'django.db.backends.sqlite3'; "
            "only PostgreSQL, Aurora DSQL, MySQL, Oracle and SQL Server are examined",
        )
    ]


def test_the_report_of_the_guestbook_names_an_invalid_variable_once():
    examined = doctor("settings", "--json", **REQUIRED, DATABASE_URL=UNREACHABLE, WEBAPP_THREADS="0")

    assert [text for level, text in findings(examined, "settings") if level != "ok"] == [
        "WEBAPP_THREADS='0' is not a whole number from 1 to 32768; unset it for the default (8, the pool's size with "
        "the strategy pool)"
    ]
