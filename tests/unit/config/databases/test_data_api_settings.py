import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime

CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:guestbook"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:guestbook-AbCdEf"
OPERATIONS_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:operations-AbCdEf"
GIVEN = {"WEBAPP_DB_ROUTE": "data_api", "WEBAPP_DB_CLUSTER_ARN": CLUSTER, "WEBAPP_DB_SECRET_ARN": SECRET}


def entry(project: dict | None = None, runtime: Runtime = Runtime.AWS_LAMBDA, **environ: str) -> dict:
    environment = Environment(GIVEN | environ)
    return database_settings(environment, choose_profile(runtime, environment), project or {})


@pytest.mark.parametrize("runtime", [Runtime.AWS_LAMBDA, Runtime.AWS_ECS, Runtime.LOCAL])
def test_the_entry_names_a_cluster_and_no_server(runtime):
    assert entry(runtime=runtime) == {
        "ENGINE": "django_runtimes.databases.data_api",
        "NAME": "webapp",
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "CREDENTIALS": None,
        "MAX_REST_S": None,
        "ROUTE": "data_api",
        "ALWAYS_RESET": False,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {"cluster_arn": CLUSTER, "secret_arn": SECRET},
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }


def test_the_projects_other_keys_are_kept():
    project = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "HOST": "db.example",
        "USER": "shop",
        "OPTIONS": {"sslmode": "require"},
        "ATOMIC_REQUESTS": True,
    }

    decided = entry(project)

    assert (decided["NAME"], decided["HOST"], decided["USER"]) == ("shop", "", "")
    assert decided["ATOMIC_REQUESTS"] is True
    assert set(decided["OPTIONS"]) == {"cluster_arn", "secret_arn"}
    assert entry(project, WEBAPP_DB_NAME="other")["NAME"] == "other"


def test_operations_use_their_own_secret_if_there_is_one():
    assert entry(WEBAPP_DB_ROLE="operations")["OPTIONS"]["secret_arn"] == SECRET

    decided = entry(WEBAPP_DB_ROLE="operations", WEBAPP_DB_OPERATIONS_SECRET_ARN=OPERATIONS_SECRET)

    assert decided["OPTIONS"]["secret_arn"] == OPERATIONS_SECRET
    assert decided["ROUTE"] == "data_api"


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"DATABASE_URL": "postgresql://app:pw@db.example/shop"}, "DATABASE_URL is set, but the route is data_api"),
        ({"WEBAPP_DB_HOST": "db.example"}, "WEBAPP_DB_HOST is set, but the route is data_api"),
        ({"WEBAPP_DB_PROXY_HOST": "proxy.example"}, "the Data API needs no proxy; unset it"),
        ({"WEBAPP_DB_USER": "shop"}, "the secret gives the login; unset it"),
        ({"WEBAPP_DB_PASSWORD": "secret"}, "the secret gives the login; unset it"),
        ({"WEBAPP_DB_CREDENTIALS": "iam"}, "the service logs in with a secret"),
        ({"WEBAPP_DB_CLUSTER_ARN": "guestbook"}, "WEBAPP_DB_CLUSTER_ARN='guestbook' is not a cluster's ARN"),
        (
            {"WEBAPP_DB_STRATEGY": "pool"},
            "the route data_api of postgresql has no strategy pool; set WEBAPP_DB_STRATEGY to per_request",
        ),
    ],
)
def test_what_contradicts_the_route_is_refused(environ, reason):
    with pytest.raises(ConfigurationError) as refusal:
        entry(**environ)

    assert reason in str(refusal.value)
    assert "pw" not in str(refusal.value)


@pytest.mark.parametrize("name", ["WEBAPP_DB_CLUSTER_ARN", "WEBAPP_DB_SECRET_ARN"])
def test_a_missing_arn_is_named(monkeypatch, name):
    monkeypatch.delitem(GIVEN, name)

    with pytest.raises(ConfigurationError, match=f"{name} is not set, but the route is data_api; set it to"):
        entry()


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        ({"ENGINE": "django.contrib.gis.db.backends.postgis"}, "no geometric types, which GeoDjango needs"),
        ({"ENGINE": "psqlextra.backend_postgres"}, "'psqlextra.backend_postgres' cannot use the route data_api"),
        (
            {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"isolation_level": 4}},
            "OPTIONS has 'isolation_level', which the route data_api cannot honour",
        ),
    ],
)
def test_what_the_service_cannot_honour_is_refused(project, reason):
    with pytest.raises(ConfigurationError, match=reason):
        entry(project)


def test_all_mistakes_are_reported_together():
    with pytest.raises(ConfigurationError) as refusal:
        entry(WEBAPP_DB_HOST="db.example", WEBAPP_DB_USER="shop")

    assert "WEBAPP_DB_HOST" in str(refusal.value)
    assert "WEBAPP_DB_USER" in refusal.value.others[0]
