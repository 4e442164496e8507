"""Checks for settings that contradict each other."""

import pytest
from django.conf import settings
from django.test import override_settings

from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import Detection
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Pool, Route
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.settings_checks import CHECKS, check_ignored_variables


def problems(runtime: Runtime, database: dict, *, route: Route | None = None, threads: int = 8) -> list[str]:
    """Return the IDs of the checks' messages."""
    profile = choose_profile(runtime, Environment({}))
    adopted = settings.DJANGO_RUNTIMES._replace(
        detection=Detection(runtime, "a test"),
        profile=profile._replace(route=route or profile.route, threads=threads),
        proxy_host="proxy.internal",
    )
    with override_settings(DATABASES={"default": database}, DJANGO_RUNTIMES=adopted):
        return [message.id for check in CHECKS for message in check()]


PROXY = {"HOST": "proxy.internal", "DISABLE_SERVER_SIDE_CURSORS": True}
SERVER = {"HOST": "db.internal"}

# Django has read DATABASES already, so only the checks see the override, as intended.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")


@pytest.mark.parametrize(
    ("runtime", "database"),
    [
        (Runtime.AWS_LAMBDA, PROXY),
        (Runtime.AWS_ECS, SERVER | Pool().as_django()),
        (Runtime.LOCAL, SERVER),
    ],
)
def test_the_profiles_settings_give_no_message(runtime, database):
    assert problems(runtime, database) == []


@pytest.mark.parametrize("pool", [True, {"max_size": 8}])
@pytest.mark.parametrize("max_age_s", [60, None])
def test_a_pool_with_persistent_connections_is_refused(pool, max_age_s):
    database = SERVER | {"OPTIONS": {"pool": pool}, "CONN_MAX_AGE": max_age_s}

    assert "webapp.E010" in problems(Runtime.AWS_ECS, database)


def test_persistent_connections_without_a_pool_give_no_message():
    assert problems(Runtime.AWS_ECS, SERVER | {"CONN_MAX_AGE": 60}) == []


def test_a_function_that_bypasses_the_proxy_is_refused():
    database = SERVER | {"DISABLE_SERVER_SIDE_CURSORS": True}

    assert problems(Runtime.AWS_LAMBDA, database) == ["webapp.E011"]


def test_a_function_may_bypass_the_proxy_on_the_direct_route():
    assert problems(Runtime.AWS_LAMBDA, SERVER, route=Route.DIRECT) == []


def test_server_side_cursors_through_a_proxy_are_refused():
    assert problems(Runtime.AWS_LAMBDA, {"HOST": "proxy.internal"}) == ["webapp.E012"]
    assert problems(Runtime.AWS_ECS, {"HOST": "proxy.internal"}, route=Route.PROXY) == ["webapp.E012"]


@pytest.mark.parametrize(
    ("pool", "threads", "expected"),
    [
        ({"max_size": 8}, 8, []),
        ({"max_size": 8}, 9, ["webapp.W013"]),
        ({"min_size": 2}, 3, ["webapp.W013"]),
        (True, 4, []),
        (True, 5, ["webapp.W013"]),
    ],
)
def test_more_threads_than_pooled_connections_get_a_warning(pool, threads, expected):
    assert problems(Runtime.AWS_ECS, SERVER | {"OPTIONS": {"pool": pool}}, threads=threads) == expected


def test_a_pool_of_one_on_lambda_gives_no_warning():
    database = PROXY | {"OPTIONS": {"pool": {"max_size": 1}}}

    assert problems(Runtime.AWS_LAMBDA, database) == []


@pytest.mark.parametrize(
    ("options", "time_zone", "use_tz", "expected"),
    [
        ({}, "Europe/Rome", True, []),
        ({"TIME_ZONE": "Etc/UTC"}, "Europe/Rome", True, []),
        ({}, "UTC", False, []),
        ({"TIME_ZONE": "Europe/Rome"}, "UTC", True, ["webapp.E020"]),
        ({}, "Europe/Rome", False, ["webapp.E020"]),
    ],
)
def test_the_data_api_needs_sessions_in_utc(options, time_zone, use_tz, expected):
    with override_settings(TIME_ZONE=time_zone, USE_TZ=use_tz):
        assert problems(Runtime.AWS_LAMBDA, {"ROUTE": "data_api", **options}, route=Route.DATA_API) == expected


@pytest.mark.parametrize(("further", "ids"), [({}, ["webapp.W014"]), ({"ROUTE": "direct", "CONN_MAX_AGE": 60}, [])])
def test_an_age_that_a_further_database_uses_is_not_ignored(further, ids):
    adopted = settings.DJANGO_RUNTIMES._replace(
        ignored_variables=(("WEBAPP_DB_MAX_AGE_S", "the strategy is pool"),),
    )

    with override_settings(DATABASES={"default": {}, "legacy": further}, DJANGO_RUNTIMES=adopted):
        assert [message.id for message in check_ignored_variables()] == ids
