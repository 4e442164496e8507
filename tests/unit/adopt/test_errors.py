"""Settings that cannot work cause errors that state a remedy."""

import pytest

from django_runtimes.adopt.decisions import decide
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import (
    DEPLOYED,
    ON_LAMBDA,
    SECRET_KEY,
    decisions_for,
    new_project,
    postgresql,
    ready_project,
    settings_after,
)

OPTIONS = {"options": "-c search_path=shop"}


def refusal(settings, **environ) -> str:
    with pytest.raises(ConfigurationError) as error:
        decide(settings, {"WEBAPP_RUNTIME": "aws_ecs", **environ})
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_debug_in_the_settings_is_refused():
    assert refusal(ready_project(DEBUG=True)) == (
        "DEBUG=True in the settings exposes the application's internals, so the runtime aws_ecs refuses it; "
        "set DEBUG to False there, or WEBAPP_DEBUG=0"
    )


@pytest.mark.parametrize(
    ("value", "shown"), [("no", "'no' in the settings is of type str"), (1, "1 in the settings is of type int")]
)
def test_a_debug_that_is_no_boolean_is_refused_with_its_type(value, shown):
    assert refusal(ready_project(DEBUG=value)) == (
        f"DEBUG={shown}, which counts as true and exposes the application's internals, so the runtime aws_ecs refuses "
        "it; set DEBUG to False there, or WEBAPP_DEBUG=0"
    )


def test_debug_by_the_variable_is_refused():
    assert refusal(ready_project(), WEBAPP_DEBUG="1").startswith("WEBAPP_DEBUG=1 exposes the application's internals")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("django-insecure-" + SECRET_KEY, "begins with 'django-insecure-' and is public"),
        (b"django-insecure-" + SECRET_KEY.encode(), "begins with 'django-insecure-' and is public"),
        ("short-and-sweet", "has 15 characters"),
        ("", "is empty"),
    ],
)
def test_a_secret_key_that_others_could_guess_is_refused(key, reason):
    text = refusal(ready_project(SECRET_KEY=key))

    assert text == (
        f"WEBAPP_SECRET_KEY is not set and SECRET_KEY in the settings {reason}; "
        "set a random text of at least 50 characters"
    )


def test_a_missing_secret_key_is_refused():
    settings = {name: value for name, value in ready_project().items() if name != "SECRET_KEY"}

    assert "SECRET_KEY in the settings is empty" in refusal(settings)


PUBLIC_KEY = "django-insecure-" + SECRET_KEY


@pytest.mark.parametrize(
    ("project", "variables", "source"),
    [
        ({}, {"WEBAPP_SECRET_KEY_FALLBACKS": f"{SECRET_KEY},{PUBLIC_KEY}"}, "Key 2 of WEBAPP_SECRET_KEY_FALLBACKS"),
        ({"SECRET_KEY_FALLBACKS": [PUBLIC_KEY]}, {}, "Key 1 of SECRET_KEY_FALLBACKS"),
        ({"SECRET_KEY_FALLBACKS": (b"other", PUBLIC_KEY.encode())}, {}, "Key 2 of SECRET_KEY_FALLBACKS"),
    ],
)
def test_a_former_key_that_others_know_is_refused(project, variables, source):
    assert refusal(ready_project(**project), **variables) == (
        f"{source} begins with 'django-insecure-' and is public, so anybody could sign sessions with it; remove it: "
        "users of that key log in again"
    )


def test_a_former_key_that_others_know_is_accepted_on_a_laptop():
    settings = ready_project(SECRET_KEY_FALLBACKS=[PUBLIC_KEY])

    assert settings_after(settings, WEBAPP_RUNTIME="local")["SECRET_KEY_FALLBACKS"] == [PUBLIC_KEY]


@pytest.mark.parametrize("hosts", [[], ["localhost", "127.0.0.1"], ["[::1]"]])
def test_hosts_that_no_user_can_reach_are_refused(hosts):
    assert refusal(ready_project(ALLOWED_HOSTS=hosts)).startswith(
        "WEBAPP_ALLOWED_HOSTS is not set and ALLOWED_HOSTS in the settings names no host beyond this machine"
    )


@pytest.mark.parametrize("engine", ["django.db.backends.sqlite3", "django.contrib.gis.db.backends.spatialite"])
def test_sqlite_is_refused(engine):
    text = refusal(ready_project(DATABASES={"default": {"ENGINE": engine, "NAME": "db.sqlite3"}}))

    assert text == (
        f"DATABASES['default'] has the engine {engine!r}, whose file aws_ecs loses with each instance; "
        "set DATABASE_URL, or WEBAPP_DB_HOST, WEBAPP_DB_NAME and WEBAPP_DB_USER, to a PostgreSQL or MySQL database"
    )


def test_an_additional_sqlite_database_is_refused():
    databases = {"default": postgresql(), "geo": {"ENGINE": "django.db.backends.sqlite3", "NAME": "geo.sqlite3"}}

    assert "DATABASES['geo'] has the engine" in refusal(ready_project(DATABASES=databases), **DEPLOYED)


def test_a_missing_database_is_refused():
    assert refusal(ready_project(DATABASES={"default": {}})) == (
        "no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST, WEBAPP_DB_NAME and WEBAPP_DB_USER"
    )


def test_startup_options_through_rds_proxy_are_refused():
    text = refusal(ready_project(DATABASES={"default": postgresql(OPTIONS=OPTIONS)}), **ON_LAMBDA)

    assert text == (
        "OPTIONS has 'options', which RDS Proxy at 'proxy.example' refuses; remove it from DATABASES and give the "
        "role its settings with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
    )


def test_startup_options_of_a_replica_behind_a_proxy_are_refused():
    replica = postgresql(HOST="shop.proxy-abc.eu-central-1.rds.amazonaws.com", OPTIONS=OPTIONS)

    text = refusal(ready_project(DATABASES={"default": postgresql(), "replica": replica}), **DEPLOYED)

    assert text.startswith("DATABASES['replica']: OPTIONS has 'options', which RDS Proxy at")


def test_startup_options_of_a_replica_on_the_proxys_host_are_refused():
    replica = postgresql(HOST="PROXY.example", OPTIONS=OPTIONS)
    settings = ready_project(DATABASES={"default": postgresql(), "replica": replica})

    text = refusal(settings, **DEPLOYED, WEBAPP_DB_PROXY_HOST="proxy.example")

    assert text.startswith("DATABASES['replica']: OPTIONS has 'options', which RDS Proxy at 'PROXY.example' refuses")


def test_plain_text_across_a_network_is_refused():
    text = refusal(ready_project(DATABASES={"default": postgresql(OPTIONS={"sslmode": "disable"})}))

    assert text.startswith("sslmode='disable' may send passwords and rows to own.example in plain text; set")


def test_a_port_that_is_not_a_number_is_refused():
    assert refusal(ready_project(DATABASES={"default": postgresql(PORT="five")})).startswith(
        "DATABASES has PORT='five'"
    )


@pytest.mark.parametrize(("name", "key"), [("STATICFILES_STORAGE", "staticfiles"), ("DEFAULT_FILE_STORAGE", "default")])
def test_a_storage_setting_that_django_ignores_is_refused(name, key):
    assert refusal(ready_project(**{name: "own.Storage"})) == (
        f"{name}='own.Storage' has had no effect since Django 5.1; "
        f"write it as STORAGES['{key}'] = {{'BACKEND': 'own.Storage'}}"
    )


def test_an_ignored_storage_setting_is_accepted_if_storages_is_set():
    settings = ready_project(STATICFILES_STORAGE="own.Storage", STORAGES={"staticfiles": {"BACKEND": "own.Storage"}})

    assert decide(settings, DEPLOYED)


def test_a_function_without_a_proxy_is_refused():
    variables = {name: value for name, value in ON_LAMBDA.items() if name != "WEBAPP_DB_PROXY_HOST"}

    assert refusal(ready_project(), **variables).startswith(
        "WEBAPP_DB_PROXY_HOST is not set, but the route is proxy; set"
    )


def test_all_errors_are_reported_at_once():
    with pytest.raises(ConfigurationError) as error:
        decide(new_project(), {"WEBAPP_RUNTIME": "aws_ecs"})

    assert [text.partition(" ")[0] for text in (str(error.value), *error.value.others)] == [
        "DEBUG=True",
        "WEBAPP_SECRET_KEY",
        "WEBAPP_ALLOWED_HOSTS",
        "DATABASES['default']",
    ]


@pytest.mark.parametrize("settings", [new_project(), ready_project(STATICFILES_STORAGE="own.Storage")])
def test_local_without_a_variable_refuses_nothing(settings):
    assert decide(settings, {}).changes == ()


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        (
            {"DATABASE_URL": "db2://app@db.example/shop"},
            "DATABASE_URL is not a PostgreSQL, MySQL, Oracle, SQL Server or DSQL URL",
        ),
        ({"WEBAPP_DB_ROUTE": "tunnel"}, "WEBAPP_DB_ROUTE='tunnel' is not a route"),
        ({"WEBAPP_DB_CONNECT_TIMEOUT_S": "soon"}, "WEBAPP_DB_CONNECT_TIMEOUT_S='soon' is not a whole number"),
    ],
)
def test_a_mistake_in_a_variable_is_not_repeated_for_other_databases(variables, first):
    databases = {"default": postgresql(), "reports": postgresql(HOST="reports.example")}

    with pytest.raises(ConfigurationError) as error:
        decisions_for(ready_project(DATABASES=databases), **variables)

    assert str(error.value).startswith(first)
    assert error.value.others == ()


def test_a_mistake_in_a_variable_is_reported_without_a_default_database():
    text = refusal(
        ready_project(DATABASES={"default": {}, "reports": postgresql()}), WEBAPP_DB_CONNECT_TIMEOUT_S="soon"
    )

    assert text.startswith("WEBAPP_DB_CONNECT_TIMEOUT_S='soon' is not a whole number")


@pytest.mark.parametrize("drain_s", ["3", "10"])
def test_a_drain_that_takes_the_whole_graceful_time_is_refused(drain_s):
    assert refusal(ready_project(), WEBAPP_DRAIN_S=drain_s, WEBAPP_GRACEFUL_TIMEOUT_S="3") == (
        f"WEBAPP_DRAIN_S={drain_s} is not shorter than WEBAPP_GRACEFUL_TIMEOUT_S=3, which includes it; decrease it, or "
        "increase WEBAPP_GRACEFUL_TIMEOUT_S"
    )


def test_a_drain_within_the_graceful_time_is_accepted():
    decisions_for(ready_project(), WEBAPP_DRAIN_S="2", WEBAPP_GRACEFUL_TIMEOUT_S="3")
