"""The entries of DATABASES for Aurora DSQL."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import IamToken
from django_runtimes.config.databases.database_settings import database_settings, further_database_settings
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Persistent, Pool, Route
from django_runtimes.config.values.runtime import Runtime

HOST = "abc123.dsql.eu-west-1.on.aws"
URL = f"dsql://app@{HOST}"
OWN = {"ENGINE": "django_runtimes.databases.dsql", "NAME": "postgres", "USER": "app", "HOST": HOST}


def entry_of(runtime: Runtime, project=None, **variables: str) -> dict:
    environment = Environment(variables)
    project = project or {}
    return database_settings(environment, choose_profile(runtime, environment, project), project)


def error_of(project=None, **variables: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        entry_of(Runtime.AWS_ECS, project, **variables)
    return str(error.value)


def test_a_url_gives_a_verified_connection_with_tokens():
    entry = entry_of(Runtime.AWS_ECS, DATABASE_URL=URL)

    assert entry["ENGINE"] == "django_runtimes.databases.dsql"
    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]) == (HOST, 5432, "postgres", "app")
    assert entry["CREDENTIALS"] == IamToken("eu-west-1")
    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["OPTIONS"]["sslrootcert"] == str(PACKAGED_ROOTS[Route.PROXY])
    assert entry["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert entry["ROUTE"] is Route.DIRECT


def test_local_verifies_the_server_too():
    assert entry_of(Runtime.LOCAL, DATABASE_URL=URL)["OPTIONS"]["sslmode"] == "verify-full"


def test_variables_give_the_same_entry_as_a_url():
    variables = {"WEBAPP_DB_ENGINE": "dsql", "WEBAPP_DB_HOST": HOST, "WEBAPP_DB_USER": "app"}

    assert entry_of(Runtime.AWS_ECS, **variables) == entry_of(Runtime.AWS_ECS, DATABASE_URL=URL)


def test_an_entry_of_the_project_gets_the_same_rules():
    entry = entry_of(Runtime.AWS_ECS, OWN)
    further = further_database_settings(Environment({}), choose_profile(Runtime.AWS_ECS, Environment({})), OWN)

    assert entry["OPTIONS"]["sslmode"] == further["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["CREDENTIALS"] == further["CREDENTIALS"] == IamToken("eu-west-1")
    assert further["ENGINE"] == OWN["ENGINE"]


def test_an_empty_port_is_the_clusters():
    assert [entry["PORT"] for entry in entries_of(OWN | {"PORT": ""})] == [5432, 5432]


@pytest.mark.parametrize(
    ("runtime", "strategy"), [(Runtime.AWS_LAMBDA, Persistent()), (Runtime.AWS_ECS, Pool())], ids=str
)
def test_no_runtime_opens_a_connection_for_each_request(runtime, strategy):
    environment = Environment({"DATABASE_URL": URL})
    profile = choose_profile(runtime, environment)

    assert (profile.connections, profile.route) == (strategy, Route.DIRECT)


def test_connections_end_before_the_service_ends_them():
    assert entry_of(Runtime.AWS_ECS, DATABASE_URL=URL)["OPTIONS"]["pool"]["max_lifetime"] == 3000
    assert "connections would be kept for 7200 s" in error_of(
        DATABASE_URL=URL, WEBAPP_DB_STRATEGY="persistent", WEBAPP_DB_MAX_AGE_S="7200"
    )


def test_the_operations_role_logs_in_as_its_own_user():
    entry = entry_of(Runtime.AWS_ECS, DATABASE_URL=URL, WEBAPP_DB_ROLE="operations", WEBAPP_DB_OPERATIONS_USER="admin")

    assert (entry["USER"], entry["CREDENTIALS"], entry["CONN_MAX_AGE"]) == ("admin", IamToken("eu-west-1"), 0)


@pytest.mark.parametrize("route", ["proxy", "data_api"])
def test_other_routes_are_refused_in_one_sentence(route):
    with pytest.raises(ConfigurationError) as error:
        choose_profile(Runtime.AWS_ECS, Environment({"DATABASE_URL": URL, "WEBAPP_DB_ROUTE": route}))

    assert str(error.value) == f"dsql has no route {route}; set WEBAPP_DB_ROUTE to one of: direct"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("dsql://app@db.example", "'db.example', which is not an Aurora DSQL cluster's"),
        (f"dsql://app@{HOST}/shop", "the database 'shop', but Aurora DSQL has only 'postgres'"),
        (f"dsql://{HOST}", "names no role"),
        (f"dsql://app:secret@{HOST}", "has a password, but Aurora DSQL accepts tokens of IAM only"),
        (f"{URL}?sslmode=require", "sslmode='require' does not verify the server"),
        (f"{URL}?options=-csearch_path%3Dshop", "OPTIONS has 'options', which Aurora DSQL refuses"),
    ],
)
def test_what_no_cluster_accepts_is_refused(url, text):
    error = error_of(DATABASE_URL=url)

    assert text in error
    assert "secret" not in error


@pytest.mark.parametrize(
    "variables",
    [
        {"WEBAPP_DB_CREDENTIALS": "password"},
        {"WEBAPP_DB_PASSWORD": "secret"},
        {"WEBAPP_DB_OPERATIONS_PASSWORD": "secret"},
    ],
)
def test_passwords_are_refused(variables):
    error = error_of(DATABASE_URL=URL, **variables)

    assert "Aurora DSQL accepts tokens of IAM only" in error
    assert "secret" not in error


def test_an_isolation_level_is_refused():
    assert "OPTIONS has 'isolation_level'" in error_of(OWN | {"OPTIONS": {"isolation_level": 3}})


def entries_of(project):
    environment = Environment({})
    return (
        database_settings(environment, choose_profile(Runtime.AWS_ECS, environment, project), project),
        further_database_settings(environment, choose_profile(Runtime.AWS_ECS, environment), project),
    )


@pytest.mark.parametrize("name", [{"NAME": ""}, {"NAME": None}, {}])
def test_an_entry_without_a_name_is_for_the_only_database(name):
    project = {key: value for key, value in OWN.items() if key != "NAME"} | name

    assert [entry["NAME"] for entry in entries_of(project)] == ["postgres", "postgres"]


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca"])
def test_a_weaker_mode_of_an_entry_is_refused(mode):
    project = OWN | {"OPTIONS": {"sslmode": mode}}

    with pytest.raises(ConfigurationError, match=f"sslmode='{mode}' does not verify the server"):
        further_database_settings(Environment({}), choose_profile(Runtime.AWS_ECS, Environment({})), project)
    assert f"sslmode='{mode}' does not verify the server" in error_of(project)
    # The variable overrides the entry's mode.
    assert entry_of(Runtime.AWS_ECS, project, WEBAPP_DB_SSLMODE="verify-full")["OPTIONS"]["sslmode"] == "verify-full"


def test_the_roots_of_an_entry_are_kept():
    project = OWN | {"OPTIONS": {"sslmode": "verify-full", "sslrootcert": "roots.pem"}}

    assert [entry["OPTIONS"]["sslrootcert"] for entry in entries_of(project)] == ["roots.pem", "roots.pem"]
    entry = entry_of(Runtime.AWS_ECS, project, WEBAPP_DB_ROOT_CERTIFICATES="own.pem")
    assert entry["OPTIONS"]["sslrootcert"] == "own.pem"


def test_tls_options_of_another_server_do_not_count():
    project = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "OPTIONS": {"sslmode": "prefer"}}
    entry = entry_of(Runtime.AWS_ECS, project, DATABASE_URL=URL)

    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["OPTIONS"]["sslrootcert"] == str(PACKAGED_ROOTS[Route.PROXY])


def test_the_lifetime_of_a_projects_pool_may_be_shorter():
    project = OWN | {"OPTIONS": {"pool": {"max_lifetime": "600"}}}

    assert entry_of(Runtime.AWS_ECS, project)["OPTIONS"]["pool"]["max_lifetime"] == 600


@pytest.mark.parametrize("engine", [OWN["ENGINE"], "django.db.backends.postgresql"])
@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("max_lifetime", "x", "a number of seconds"),
        ("max_idle", None, "a number of seconds"),
        ("min_size", "x", "a whole number"),
        ("max_size", 4.5, "a whole number"),
    ],
)
def test_a_number_of_the_pool_that_is_none_is_refused(engine, name, value, kind):
    project = OWN | {"ENGINE": engine, "OPTIONS": {"pool": {name: value}}}

    assert error_of(project) == f"OPTIONS['pool'] has {name}={value!r}, which is not {kind}; correct it"


def test_a_pool_without_a_largest_size_is_kept():
    project = OWN | {"OPTIONS": {"pool": {"min_size": 2, "max_size": None}}}

    assert entry_of(Runtime.AWS_ECS, project)["OPTIONS"]["pool"]["max_size"] is None
