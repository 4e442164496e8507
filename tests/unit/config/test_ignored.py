import pytest

from django_runtimes.config.environment import Environment
from django_runtimes.config.ignored import ignored_variables
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime


def ignored(runtime: Runtime = Runtime.AWS_ECS, **environ: str) -> list[tuple[str, str]]:
    environment = Environment(environ)
    return ignored_variables(environment, choose_profile(runtime, environment))


@pytest.mark.parametrize(
    "name", ["WEBAPP_DB_HOST", "WEBAPP_DB_PORT", "WEBAPP_DB_NAME", "WEBAPP_DB_USER", "WEBAPP_DB_PASSWORD"]
)
def test_separate_variables_are_ignored_if_there_is_a_url(name):
    url = "postgresql://app@db.example/shop"

    assert ignored(DATABASE_URL=url, **{name: "5432"}) == [(name, "DATABASE_URL is used")]
    assert ignored(**{name: "5432"}) == []


def test_an_engine_without_an_address_is_ignored():
    reason = "WEBAPP_DB_HOST is not set, so the settings name the database"

    assert ignored(WEBAPP_DB_ENGINE="mysql") == [("WEBAPP_DB_ENGINE", reason)]
    assert ignored(WEBAPP_DB_ENGINE="mysql", WEBAPP_DB_HOST="db.example") == []


def test_pool_variables_are_ignored_without_a_pool():
    assert ignored(Runtime.AWS_LAMBDA, WEBAPP_DB_POOL_MAX_SIZE="9", WEBAPP_DB_POOL_TIMEOUT_S="2") == [
        ("WEBAPP_DB_POOL_MAX_SIZE", "the strategy is per_request"),
        ("WEBAPP_DB_POOL_TIMEOUT_S", "the strategy is per_request"),
    ]
    assert ignored(WEBAPP_DB_POOL_MAX_SIZE="9") == []


def test_the_maximum_age_is_ignored_with_a_pool():
    assert ignored(WEBAPP_DB_MAX_AGE_S="9") == [("WEBAPP_DB_MAX_AGE_S", "the strategy is pool")]
    assert ignored(WEBAPP_DB_MAX_AGE_S="9", WEBAPP_DB_STRATEGY="persistent") == []


def test_a_secret_arn_is_ignored_unless_chosen():
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:guestbook-AbCdEf"

    assert ignored(WEBAPP_DB_SECRET_ARN=arn) == [("WEBAPP_DB_SECRET_ARN", "WEBAPP_DB_CREDENTIALS is password")]
    assert ignored(WEBAPP_DB_SECRET_ARN=arn, WEBAPP_DB_CREDENTIALS="secretsmanager") == []


def test_operations_report_no_variable_of_the_web_role():
    assert ignored(WEBAPP_DB_ROLE="operations", WEBAPP_DB_POOL_MAX_SIZE="9") == []


def test_the_data_api_ignores_what_belongs_to_a_connection():
    given = {"WEBAPP_DB_ROUTE": "data_api", "WEBAPP_DB_SSLMODE": "verify-full", "WEBAPP_DB_SECRET_TTL_S": "9"}

    assert ignored(Runtime.AWS_LAMBDA, **given) == [
        ("WEBAPP_DB_SSLMODE", "the route is data_api"),
        ("WEBAPP_DB_SECRET_TTL_S", "the route is data_api"),
    ]


def test_a_cluster_is_ignored_on_another_route():
    arn = "arn:aws:rds:eu-west-1:123456789012:cluster:guestbook"

    assert ignored(WEBAPP_DB_CLUSTER_ARN=arn) == [("WEBAPP_DB_CLUSTER_ARN", "the route is direct")]
    assert ignored(WEBAPP_DB_RESUME_TIMEOUT_S="10") == [("WEBAPP_DB_RESUME_TIMEOUT_S", "the route is direct")]
