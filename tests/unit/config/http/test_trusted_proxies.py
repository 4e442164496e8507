"""The networks of trusted proxies."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.hops import TRUSTED_PROXIES


def test_proxies_are_trusted_by_network():
    environment = Environment({"WEBAPP_TRUSTED_PROXIES": "10.0.1.7, 10.1.0.0/16,fc00::/7"})

    assert [str(network) for network in environment[TRUSTED_PROXIES]] == ["10.0.1.7/32", "10.1.0.0/16", "fc00::/7"]


def test_no_public_address_is_a_trusted_proxy_unless_named():
    trusted = Environment({})[TRUSTED_PROXIES]

    assert all(network.is_private or str(network) == "100.64.0.0/10" for network in trusted)


def test_an_invalid_network_is_refused():
    with pytest.raises(ConfigurationError, match=r"WEBAPP_TRUSTED_PROXIES='10\.0\.1\.7/16' is not a network; use"):
        Environment({"WEBAPP_TRUSTED_PROXIES": "10.0.1.7/16"})[TRUSTED_PROXIES]
