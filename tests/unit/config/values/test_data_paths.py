import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Route, Strategy
from django_runtimes.config.values.data_paths import Engine, require_data_path, strategies_of
from django_runtimes.config.values.profile import PROFILES


def test_every_profile_is_a_data_path():
    for profile in PROFILES.values():
        assert profile.strategy in strategies_of(Engine.POSTGRESQL, profile.route)


@pytest.mark.parametrize("strategy", [Strategy.POOL, Strategy.PERSISTENT])
def test_the_data_api_keeps_no_connection(strategy):
    require_data_path(Engine.POSTGRESQL, Route.DATA_API, Strategy.PER_REQUEST)

    with pytest.raises(ConfigurationError, match=f"the route data_api of postgresql has no strategy {strategy}"):
        require_data_path(Engine.POSTGRESQL, Route.DATA_API, strategy)
