"""The output of `webapp check --explain`."""

from typing import Any

import pytest

from django_runtimes.adopt.configure import Call
from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.explanation import explain
from django_runtimes.adopt.setting_change import MISSING, SettingChange
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, SECRET_KEY, new_project, postgresql, ready_project


def explained(settings: dict[str, Any], environ: dict[str, str]) -> str:
    decisions = decide(settings, environ)
    return explain(Call("config.settings", 88, settings, decisions.changes, decisions.adopted))


def test_every_change_has_its_values_and_its_reason():
    project = ready_project(
        LOGGING={"version": 1},
        STATIC_ROOT="/srv/static",
        FILE_UPLOAD_HANDLERS=["own.Handler"],
        CSRF_TRUSTED_ORIGINS=["https://own.example"],
        DATABASES={"default": postgresql(ENGINE="django_runtimes.databases.postgresql", CONN_MAX_AGE=60)},
    )

    assert (
        explained(project, {"WEBAPP_RUNTIME": "local", "WEBAPP_DB_STRATEGY": "per_request"})
        == """\
configure() in config.settings, line 88, on local (WEBAPP_RUNTIME=local): 4
    settings were added or changed

DATABASES['default']

    CONN_MAX_AGE changed: the strategy is per_request (WEBAPP_DB_STRATEGY is
        set)
        60 -> 0

    ROUTE added: the route is direct (the profile of local)
        'direct'

DATABASES['default']['OPTIONS']

    connect_timeout added: a lost server or network is noticed within seconds
        5

    keepalives added: a lost server or network is noticed within seconds
        1

    keepalives_idle added: a lost server or network is noticed within seconds
        2

    keepalives_interval added: a lost server or network is noticed within
        seconds
        1

    keepalives_count added: a lost server or network is noticed within seconds
        2

    tcp_user_timeout added: a lost server or network is noticed within seconds
        2000

    sslmode added: a connection across a network is encrypted, and its server is
        verified
        'prefer'

INSTALLED_APPS changed: the library's checks and commands
    + 'django_runtimes.adopt'
    + 'django_runtimes.databases'
    + 'django_runtimes.operations'
    + 'django_runtimes.migration_gate'
    + 'django_runtimes.observability'

MIDDLEWARE changed: nothing else serves 'static/' outside Django's runserver
    + 'whitenoise.middleware.WhiteNoiseMiddleware'

DJANGO_RUNTIMES added: the values that the library itself uses
"""
    )


def test_no_secret_is_shown():
    text = explained(ready_project(), ON_LAMBDA | {"WEBAPP_SECRET_KEY_FALLBACKS": "former-key"})

    assert "SECRET_KEY changed: WEBAPP_SECRET_KEY is set" in text
    assert "PASSWORD changed: DATABASE_URL is set" in text
    for secret in (SECRET_KEY, DEPLOYED["WEBAPP_SECRET_KEY"], "former-key", "0wn'", "'secret'"):
        assert secret not in text


def test_it_fits_a_terminal_of_80_columns():
    lines = explained(new_project() | {"DEBUG": False}, ON_LAMBDA | {"WEBAPP_BASE_PATH": "/shop"}).splitlines()

    # A long path cannot be wrapped.
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


def test_it_says_when_nothing_was_changed():
    assert explained(new_project(), {}) == (
        "configure() in config.settings, line 88, on local (no runtime is declared and no\n"
        "    marker is set): nothing was changed\n"
    )


def place_reasons(environ: dict[str, str]) -> dict[str, str]:
    project = ready_project(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1"}})
    changes = decide(project, {"WEBAPP_RUNTIME": "local", "WEBAPP_DB_STRATEGY": "per_request", **environ}).changes
    return {
        change.path[-1]: change.reason
        for change in changes
        if change.path[:2] == ("DATABASES", "default") and change.path[-1] in ("HOST", "PORT", "NAME", "USER")
    }


@pytest.mark.parametrize(
    ("environ", "reasons_of_parts"),
    [
        ({"WEBAPP_DB_NAME": "shop"}, {"NAME": "WEBAPP_DB_NAME is set"}),
        (
            {"WEBAPP_DB_HOST": "::1", "WEBAPP_DB_NAME": "shop", "WEBAPP_DB_USER": "me"},
            {"HOST": "WEBAPP_DB_HOST is set", "NAME": "WEBAPP_DB_NAME is set", "USER": "WEBAPP_DB_USER is set"},
        ),
    ],
)
def test_the_variable_of_each_part_of_the_address_is_named(environ, reasons_of_parts):
    reasons_of_all = place_reasons(environ)

    assert {key: reasons_of_all[key] for key in reasons_of_parts} == reasons_of_parts


def test_the_default_port_is_explained_without_a_variable():
    assert place_reasons({"WEBAPP_DB_NAME": "shop"})["PORT"] == "the settings name none: the engine's default"


REMOTE = {"HOST": "db.example", "OPTIONS": {"sslmode": "require", "sslrootcert": "/etc/hosts"}}


def reasons(replica: dict[str, Any], environ: dict[str, str]) -> dict[str, str]:
    project = ready_project(DATABASES={"default": postgresql(), "replica": postgresql(**replica)})
    changes = decide(project, {**DEPLOYED, "WEBAPP_RUNTIME": "local", **environ}).changes
    return {change.path[-1]: change.reason for change in changes if change.path[1:3] == ("replica", "OPTIONS")}


def test_the_url_explains_no_change_of_a_database_on_another_server():
    url = "postgresql://me@127.0.0.1/shop?sslmode=prefer"
    remote = {"HOST": "db.example", "OPTIONS": {}}

    assert reasons(remote, {"DATABASE_URL": url})["sslmode"] == (
        "a connection across a network is encrypted, and its server is verified"
    )
    assert reasons({"HOST": "localhost", "PORT": 5432}, {"DATABASE_URL": url})["sslmode"] == (
        "DATABASE_URL has sslmode=prefer"
    )


def test_the_source_of_other_root_certificates_is_named():
    assert reasons(REMOTE, {"WEBAPP_DB_ROOT_CERTIFICATES": "/etc/hosts2"})["sslrootcert"] == (
        "WEBAPP_DB_ROOT_CERTIFICATES is set"
    )
    proxied = {**REMOTE, "HOST": "shop.proxy-abc.eu-west-1.rds.amazonaws.com"}
    assert reasons(proxied, {})["sslrootcert"] == "the certificate of a proxy has another root than the server's"


def test_the_signature_version_of_the_call_is_shown():
    text = explained(ready_project(), {**DEPLOYED, "WEBAPP_MEDIA_BUCKET": "pictures", "AWS_REGION": "eu-west-1"})

    name, value = text.partition("AWS_S3_SIGNATURE_VERSION added: ")[1:]
    assert name
    assert value.startswith("WEBAPP_MEDIA_BUCKET is set: the bucket needs\n    this value\n    's3v4'\n")


def test_other_values_under_a_name_that_django_masks_stay_masked():
    changes = (
        SettingChange(("AWS_S3_SIGNATURE_VERSION",), "s3cr3t", "s3v4", "a reason"),
        SettingChange(("OWN_SIGNATURE",), MISSING, "s3v4", "a reason"),
    )
    decisions = decide(ready_project(), DEPLOYED)
    text = explain(Call("config.settings", 88, {}, changes, decisions.adopted))

    assert "'********************' -> 's3v4'\n" in text
    assert text.count("'********************'") == 2
