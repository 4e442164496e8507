"""How the variables of the default database apply to further databases of other engines."""

from typing import Any

import pytest

from django_runtimes.config.databases.credentials import IamToken
from tests.unit.adopt.projects import DEPLOYED, ON_LAMBDA, decisions_for, postgresql, ready_project, settings_after

CLUSTER = {"ENGINE": "django_runtimes.databases.dsql", "HOST": "abc.dsql.eu-west-1.on.aws", "USER": "events"}
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
VERIFIED = {"sslmode": "verify-full"}


def further(entry: dict[str, Any], **variables: str) -> dict[str, Any]:
    """Return the decided entry beside a default database."""
    project = ready_project(DATABASES={"default": postgresql(), "further": entry})
    return settings_after(project, **{**DEPLOYED, **variables})["DATABASES"]["further"]


def driver(engine: str, **options: Any) -> dict[str, Any]:
    return postgresql(ENGINE=engine, PORT=2484, OPTIONS=options)


@pytest.mark.parametrize(
    "variables",
    [
        {"WEBAPP_DB_CREDENTIALS": "password"},
        {"WEBAPP_DB_CREDENTIALS": "secretsmanager", "WEBAPP_DB_SECRET_ARN": SECRET},
        {"WEBAPP_DB_SSLMODE": "verify-ca"},
        {"WEBAPP_DB_ROOT_CERTIFICATES": "/etc/region.pem"},
        {"WEBAPP_DB_ROLE": "operations", "WEBAPP_DB_OPERATIONS_USER": "owner", "WEBAPP_DB_OPERATIONS_PASSWORD": "0wn"},
        {"WEBAPP_DB_ROLE": "operations", "WEBAPP_DB_OPERATIONS_SECRET_ARN": SECRET},
    ],
    ids="-".join,
)
def test_a_cluster_of_aurora_dsql_has_its_own_login_and_roots(variables):
    entry = further(CLUSTER, **variables)

    assert (entry["USER"], entry["CREDENTIALS"]) == ("events", IamToken("eu-west-1"))
    assert entry["OPTIONS"].items() >= VERIFIED.items()
    assert entry["OPTIONS"]["sslrootcert"].endswith("/amazon.pem")


@pytest.mark.parametrize(
    ("variables", "age_s"), [({}, 600), ({"WEBAPP_DB_MAX_AGE_S": "60"}, 60), ({"WEBAPP_DB_STRATEGY": "per_request"}, 0)]
)
def test_a_cluster_keeps_connections_on_lambda_by_default(variables, age_s):
    assert further(CLUSTER, **ON_LAMBDA, **variables)["CONN_MAX_AGE"] == age_s


def test_explain_has_the_strategy_and_the_login_of_the_cluster():
    project = ready_project(DATABASES={"default": postgresql(), "further": CLUSTER})

    reasons = {change.path: change.reason for change in decisions_for(project, **ON_LAMBDA).changes}

    assert reasons["DATABASES", "further", "CONN_MAX_AGE"] == "the strategy is persistent (the default of its engine)"
    assert reasons["DATABASES", "further", "CREDENTIALS"] == "the service accepts tokens of IAM only"


@pytest.mark.parametrize(
    "variables",
    [
        {"WEBAPP_DB_ROOT_CERTIFICATES": "/etc/region.pem"},
        {"WEBAPP_DB_PROXY_ROOT_CERTIFICATES": "/etc/region.pem"},
        {"WEBAPP_DB_SSLMODE": "verify-ca"},
    ],
    ids="-".join,
)
def test_sql_server_is_verified_where_a_variable_is_for_other_drivers(variables):
    assert further(driver("mssql"), **variables)["OPTIONS"].items() >= VERIFIED.items()


def test_the_roots_and_the_mode_of_variables_apply_to_oracle():
    variables = {"WEBAPP_DB_ROOT_CERTIFICATES": "/etc/region.pem", "WEBAPP_DB_SSLMODE": "verify-ca"}

    options = further(driver("django.db.backends.oracle"), **variables)["OPTIONS"]

    assert (options["sslmode"], options["sslrootcert"]) == ("verify-ca", "/etc/region.pem")


def test_explain_has_the_new_name_of_an_option():
    project = ready_project(DATABASES={"default": postgresql(), "further": driver("mssql", query_timeout=60)})

    reasons = {change.path: change.reason for change in decisions_for(project, **DEPLOYED).changes}

    place = ("DATABASES", "further", "OPTIONS")
    assert reasons[*place, "query_timeout"] == "the library's engines call it statement_timeout"


@pytest.mark.parametrize("engine", ["mssql", "django.db.backends.oracle"])
def test_sessions_are_reset_where_each_request_has_its_own(engine):
    entry = further(driver(engine), WEBAPP_DB_ALWAYS_RESET="1", WEBAPP_DB_STRATEGY="per_request")

    assert entry["CONN_MAX_AGE"] == 0
