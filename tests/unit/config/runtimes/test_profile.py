import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.choices import LogFormat
from django_runtimes.config.values.connection_strategy import PerRequest, Persistent, Pool, Route
from django_runtimes.config.values.profile import PROFILES
from django_runtimes.config.values.runtime import Runtime


def test_every_runtime_has_a_profile():
    assert set(PROFILES) == set(Runtime)


def test_lambda_opens_a_connection_per_request_through_the_proxy():
    profile = choose_profile(Runtime.AWS_LAMBDA, Environment({}))

    assert profile.connections == PerRequest()
    assert profile.route is Route.PROXY


MANAGED = {"AWS_LAMBDA_MAX_CONCURRENCY": "8"}


def test_managed_instances_keep_the_connection_of_each_process():
    profile = choose_profile(Runtime.AWS_LAMBDA, Environment(MANAGED))

    assert profile.connections == Persistent()
    assert profile.route is Route.PROXY
    assert (profile.freezes, profile.serves_one) == (False, True)


def test_a_pool_on_managed_instances_holds_one_connection_in_each_process():
    profile = choose_profile(Runtime.AWS_LAMBDA, Environment(MANAGED | {"WEBAPP_DB_STRATEGY": "pool"}))

    assert profile.connections == Pool(max_size=1)


def test_managed_instances_refuse_text_logs():
    with pytest.raises(ConfigurationError) as error:
        choose_profile(Runtime.AWS_LAMBDA, Environment(MANAGED | {"WEBAPP_LOG_FORMAT": "text"}))

    assert str(error.value) == (
        "WEBAPP_LOG_FORMAT='text' is not possible on Lambda Managed Instances, which keep logs in JSON so that the "
        "lines of concurrent requests can be told apart; remove the variable"
    )


def test_a_container_with_the_variable_of_lambda_is_a_container():
    profile = choose_profile(Runtime.AWS_ECS, Environment(MANAGED | {"WEBAPP_LOG_FORMAT": "text"}))

    assert profile == PROFILES[Runtime.AWS_ECS]._replace(log_format=LogFormat.TEXT)


@pytest.mark.parametrize("runtime", [Runtime.AWS_APP_RUNNER, Runtime.AWS_ECS, Runtime.KUBERNETES])
def test_containers_pool_direct_connections(runtime):
    profile = choose_profile(runtime, Environment({}))

    assert profile.connections == Pool(max_size=8)
    assert profile.route is Route.DIRECT


def test_only_local_is_without_https_and_listens_on_loopback():
    assert {runtime for runtime, profile in PROFILES.items() if not profile.https} == {Runtime.LOCAL}
    assert {runtime for runtime, profile in PROFILES.items() if profile.bind_host == "127.0.0.1"} == {Runtime.LOCAL}


def test_variables_override_single_values():
    environ = {
        "WEBAPP_DB_STRATEGY": "pool",
        "WEBAPP_DB_ROUTE": "direct",
        "WEBAPP_DB_POOL_MAX_SIZE": "3",
        "WEBAPP_LOG_FORMAT": "text",
        "WEBAPP_HTTPS": "0",
        "WEBAPP_BIND_HOST": "127.0.0.1",
    }

    profile = choose_profile(Runtime.AWS_LAMBDA, Environment(environ))

    assert profile.connections == Pool(max_size=3)
    assert profile.route is Route.DIRECT
    assert profile.log_format is LogFormat.TEXT
    assert profile.https is False
    assert profile.bind_host == "127.0.0.1"


def test_a_pool_on_lambda_holds_one_connection():
    assert choose_profile(Runtime.AWS_LAMBDA, Environment({"WEBAPP_DB_STRATEGY": "pool"})).connections == Pool(
        max_size=1
    )


def test_a_variable_sets_the_age_of_a_persistent_connection():
    environ = {"WEBAPP_DB_STRATEGY": "persistent", "WEBAPP_DB_MAX_AGE_S": "30"}

    assert choose_profile(Runtime.AWS_ECS, Environment(environ)).connections == Persistent(max_age_s=30)


def test_a_pool_of_size_zero_is_refused():
    environ = {"WEBAPP_DB_POOL_MAX_SIZE": "0"}

    with pytest.raises(ConfigurationError, match="WEBAPP_DB_POOL_MAX_SIZE='0' is not a whole number from 1"):
        choose_profile(Runtime.AWS_ECS, Environment(environ))
