import traceback

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.profile import PROFILES
from django_runtimes.config.values.runtime import Runtime

URL = "postgresql://app:p%40ss@db.example:6543/shop?sslmode=verify-full"


def variables_of_frames(error: Exception) -> str:
    """Return the local variables that an error tracker shows for the frames below the test."""
    below = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename != __file__]
    return repr([frame.f_locals for frame in below]) + repr(error.__context__)


def settings_for(runtime: Runtime, **environ: str) -> dict:
    environment = Environment(environ)
    return database_settings(environment, choose_profile(runtime, environment))


def test_a_database_url_is_parsed():
    settings = settings_for(Runtime.AWS_ECS, DATABASE_URL=URL)

    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", 6543, "shop")
    assert (settings["USER"], settings["PASSWORD"]) == ("app", "p@ss")
    assert settings["OPTIONS"]["sslmode"] == "verify-full"


def test_the_pool_strategy_sets_the_pool_in_djangos_options():
    settings = settings_for(Runtime.AWS_ECS, DATABASE_URL=URL, WEBAPP_DB_POOL_TIMEOUT_S="2")

    assert settings["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 8, "timeout": 2, "max_waiting": 128}
    assert settings["CONN_MAX_AGE"] == 0
    assert settings["CONN_HEALTH_CHECKS"] is True
    assert settings["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_the_persistent_strategy_sets_conn_max_age():
    settings = settings_for(Runtime.AWS_ECS, DATABASE_URL=URL, WEBAPP_DB_STRATEGY="persistent")

    assert settings["CONN_MAX_AGE"] == 600
    assert "pool" not in settings["OPTIONS"]


def test_the_proxy_route_uses_the_proxy_without_server_side_cursors():
    settings = settings_for(Runtime.AWS_LAMBDA, DATABASE_URL=URL, WEBAPP_DB_PROXY_HOST="proxy.example")

    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("proxy.example", 5432, "shop")
    assert settings["CONN_MAX_AGE"] == 0
    assert "pool" not in settings["OPTIONS"]
    assert settings["DISABLE_SERVER_SIDE_CURSORS"] is True


def test_separate_variables_can_replace_a_url():
    settings = settings_for(
        Runtime.AWS_ECS, WEBAPP_DB_HOST="db.example", WEBAPP_DB_USER="shop", WEBAPP_DB_PASSWORD="secret"
    )

    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", 5432, "webapp")
    assert (settings["USER"], settings["PASSWORD"]) == ("shop", "secret")


def test_every_connection_attempt_has_a_timeout():
    assert settings_for(Runtime.AWS_ECS, DATABASE_URL=URL)["OPTIONS"]["connect_timeout"] == 5


def test_a_peer_that_vanished_is_noticed_within_seconds():
    options = settings_for(Runtime.AWS_ECS, DATABASE_URL=URL)["OPTIONS"]

    assert options["tcp_user_timeout"] == 2000
    assert [options[f"keepalives{part}"] for part in ("", "_idle", "_interval", "_count")] == [1, 2, 1, 2]


def test_options_of_the_url_beat_the_defaults():
    options = settings_for(Runtime.AWS_ECS, DATABASE_URL=f"{URL}&connect_timeout=9&keepalives_idle=60")["OPTIONS"]

    assert (options["connect_timeout"], options["keepalives_idle"]) == ("9", "60")


def test_startup_options_are_refused_on_the_proxy_route_only():
    url = f"{URL}&options=-c%20statement_timeout%3D5s"

    assert "options" in settings_for(Runtime.AWS_ECS, DATABASE_URL=url)["OPTIONS"]
    with pytest.raises(ConfigurationError, match="'options', which RDS Proxy refuses"):
        settings_for(Runtime.AWS_LAMBDA, DATABASE_URL=url, WEBAPP_DB_PROXY_HOST="proxy.example")


def test_the_proxy_route_prepares_no_statements():
    options = settings_for(Runtime.AWS_LAMBDA, DATABASE_URL=URL, WEBAPP_DB_PROXY_HOST="proxy.example")["OPTIONS"]

    assert options["prepare_threshold"] is None


def test_only_lambda_limits_how_long_a_connection_may_rest():
    on_lambda = settings_for(Runtime.AWS_LAMBDA, DATABASE_URL=URL, WEBAPP_DB_ROUTE="direct")

    assert on_lambda["MAX_REST_S"] == 5.0
    assert settings_for(Runtime.AWS_ECS, DATABASE_URL=URL)["MAX_REST_S"] is None


def test_operations_connect_directly_and_without_a_pool():
    settings = settings_for(
        Runtime.AWS_LAMBDA,
        DATABASE_URL=URL,
        WEBAPP_DB_PROXY_HOST="proxy.example",
        WEBAPP_DB_ROUTE="proxy",
        WEBAPP_DB_STRATEGY="pool",
        WEBAPP_DB_ROLE="operations",
        WEBAPP_DB_OPERATIONS_USER="owner",
        WEBAPP_DB_OPERATIONS_PASSWORD="0wner",
    )

    assert (settings["HOST"], settings["USER"], settings["PASSWORD"]) == ("db.example", "owner", "0wner")
    assert settings["CONN_MAX_AGE"] == 0
    assert "pool" not in settings["OPTIONS"]
    # A migration waits longer than a request.
    assert settings["OPTIONS"]["keepalives_idle"] == 30
    assert "tcp_user_timeout" not in settings["OPTIONS"]


def test_settings_do_not_print_their_password():
    assert "p@ss" not in repr(settings_for(Runtime.AWS_ECS, DATABASE_URL=URL))


def test_a_proxy_route_without_a_proxy_is_refused():
    with pytest.raises(ConfigurationError, match="set it, or WEBAPP_DB_ROUTE=direct") as error:
        settings_for(Runtime.AWS_LAMBDA, DATABASE_URL=URL)

    assert "p%40ss" not in variables_of_frames(error.value)
    assert "p@ss" not in variables_of_frames(error.value)


@pytest.mark.parametrize("option", ["connect_timeout", "keepalives_idle", "tcp_user_timeout"])
@pytest.mark.parametrize("value", ["abc", "5.5", "5s"])
def test_an_option_that_is_not_a_number_is_refused(option, value):
    with pytest.raises(ConfigurationError, match=f"^DATABASE_URL has {option}='{value}', which is not a whole number"):
        settings_for(Runtime.LOCAL, DATABASE_URL=f"{URL}&{option}={value}")


def test_a_missing_database_is_refused():
    with pytest.raises(ConfigurationError, match="no database is configured; set DATABASE_URL"):
        settings_for(Runtime.AWS_ECS)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "db2://app:hunter2@db.example/shop",
            "is not a PostgreSQL, MySQL, Oracle, SQL Server or DSQL URL; write postgresql://user:password@host",
        ),
        ("postgresql://app:hunter2%zz@db.example/shop", "is not a PostgreSQL URL; write"),
        ("postgresql://app:hunter2@db.example", "names no database; add /name at its end"),
        ("postgresql://app:hunter2@a.example:1,b.example:2/shop", "names several servers, and only one is supported"),
        ("postgresql://app:hunter2@db.example:5543x/shop", "has a port that is not a number from 1 to 65535"),
        ("postgresql://app:hunter2@db.example:65536/shop", "has a port that is not a number from 1 to 65535"),
        ("postgresql://app:hunter2@db.example:1:5/shop", "has a port that is not a number from 1 to 65535"),
        ("postgresql://app:hunter2/shop", "has a port that is not a number from 1 to 65535"),
        (
            "postgresql://app:hunter2@hunter2@db.example/shop",
            r"unencoded @ or / in its user or password; .* \(@ as %40",
        ),
        ("postgresql://app@hunter2:hunter2@db.example/shop", "an unencoded @ or / in its user or password"),
        ("postgresql://app:hunter2/hunter2@db.example/shop", "an unencoded @ or / in its user or password"),
        ("postgresql://app:12/hunter2@db.example/shop", "an unencoded @ or / in its user or password"),
        ("postgresql://app:a@b/c?hunter2=1@db.example/shop", "an unencoded @ or / in its user or password"),
        ("postgresql://app:hunter2@db.example/shop?sslmod=1", "has the option 'sslmod', which libpq does not know"),
    ],
)
def test_a_malformed_url_is_refused_without_its_password(url, message):
    with pytest.raises(ConfigurationError, match=f"^DATABASE_URL .*{message}") as error:
        parse_database_url(url)

    assert "hunter2" not in str(error.value)
    assert "hunter2" not in variables_of_frames(error.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://app:p%40s%2Fs@db.example/shop", "db.example"),
        ("postgresql://app:p%40s%2Fs@%40abstract/shop", "@abstract"),
        ("postgresql://app:p%40s%2Fs@/shop?host=/run/postgresql", "/run/postgresql"),
        ("postgresql://app:p%40s%2Fs@[::1]:5432/shop", "::1"),
    ],
)
def test_special_characters_are_percent_encoded(url, host):
    address = parse_database_url(url)

    assert (address.host, address.password, address.name) == (host, "p@s/s", "shop")


def test_an_address_does_not_print_its_password():
    assert "p@ss" not in repr(parse_database_url(URL))


def test_no_profile_uses_server_side_cursors_behind_a_proxy():
    for runtime in PROFILES:
        settings = settings_for(
            runtime, DATABASE_URL=URL, WEBAPP_DB_PROXY_HOST="proxy.example", WEBAPP_DB_ROUTE=Route.PROXY
        )
        assert settings["DISABLE_SERVER_SIDE_CURSORS"] is True


@pytest.mark.parametrize(
    ("scheme", "engine"),
    [("postgresql", "postgresql"), ("postgres", "postgresql"), ("postgis", "postgis")],
)
def test_the_scheme_chooses_the_engine(scheme, engine):
    settings = settings_for(Runtime.AWS_ECS, DATABASE_URL=URL.replace("postgresql", scheme))

    assert settings["ENGINE"] == f"django_runtimes.databases.{engine}"
    assert (settings["HOST"], settings["PASSWORD"]) == ("db.example", "p@ss")
    assert settings["OPTIONS"]["sslmode"] == "verify-full"


@pytest.mark.parametrize("url", ["postgis://app:p@ss@db.example/shop", "postgis://app:p%40ss@db.example/shop?x=1"])
def test_the_error_for_a_wrong_postgis_url_shows_no_password(url):
    with pytest.raises(ConfigurationError) as error:
        settings_for(Runtime.AWS_ECS, DATABASE_URL=url)

    assert "ss@db" not in str(error.value) + variables_of_frames(error.value)
    assert "p%40ss" not in str(error.value) + variables_of_frames(error.value)
