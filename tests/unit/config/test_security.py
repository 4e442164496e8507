import pytest

from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.security import hosts_and_origins, secret_key
from django_runtimes.config.variables.hops import TRUSTED_PROXIES

LONG_KEY = "k" * 50


def test_a_secret_key_is_required_outside_local():
    with pytest.raises(ConfigurationError, match="WEBAPP_SECRET_KEY is not set"):
        secret_key(Environment({}), local=False)


def test_local_has_a_key_of_its_own_which_nobody_else_may_use():
    public_key = secret_key(Environment({}), local=True)

    with pytest.raises(ConfigurationError):
        secret_key(Environment({"WEBAPP_SECRET_KEY": public_key}), local=False)


def test_a_short_key_is_refused_and_not_shown():
    with pytest.raises(ConfigurationError) as error:
        secret_key(Environment({"WEBAPP_SECRET_KEY": "tiny-secret"}), local=False)

    assert "tiny-secret" not in str(error.value)
    assert "11 characters" in str(error.value)


def test_a_long_key_is_taken():
    assert secret_key(Environment({"WEBAPP_SECRET_KEY": LONG_KEY}), local=False) == LONG_KEY


def test_hosts_are_required_outside_local():
    with pytest.raises(ConfigurationError, match="WEBAPP_ALLOWED_HOSTS is not set"):
        hosts_and_origins(Environment({}), local=False)


def test_local_answers_to_loopback_names():
    hosts, _ = hosts_and_origins(Environment({}), local=True)

    assert hosts == ["localhost", "127.0.0.1", "[::1]"]


def test_a_wildcard_host_is_refused():
    with pytest.raises(ConfigurationError, match="accepts forged hosts"):
        hosts_and_origins(Environment({"WEBAPP_ALLOWED_HOSTS": "a.example,*"}), local=False)


def test_origins_follow_from_the_hosts():
    environment = Environment({"WEBAPP_ALLOWED_HOSTS": "a.example,.b.example"})

    assert hosts_and_origins(environment, local=False) == (
        ["a.example", ".b.example"],
        ["https://a.example", "https://*.b.example"],
    )


def test_an_origin_without_a_scheme_is_refused():
    environment = Environment({"WEBAPP_ALLOWED_HOSTS": "a.example", "WEBAPP_CSRF_TRUSTED_ORIGINS": "a.example"})

    with pytest.raises(ConfigurationError, match=r"has no scheme; write https://a\.example"):
        hosts_and_origins(environment, local=False)


def test_proxies_are_trusted_by_their_networks():
    environment = Environment({"WEBAPP_TRUSTED_PROXIES": "10.0.1.7, 10.1.0.0/16,fc00::/7"})

    assert [str(network) for network in environment[TRUSTED_PROXIES]] == ["10.0.1.7/32", "10.1.0.0/16", "fc00::/7"]


def test_no_public_address_is_a_trusted_proxy_unless_named():
    trusted = Environment({})[TRUSTED_PROXIES]

    assert all(network.is_private or str(network) == "100.64.0.0/10" for network in trusted)


def test_a_trusted_proxy_that_is_no_network_is_refused():
    with pytest.raises(ConfigurationError, match=r"WEBAPP_TRUSTED_PROXIES='10\.0\.1\.7/16' is not a network; write"):
        Environment({"WEBAPP_TRUSTED_PROXIES": "10.0.1.7/16"})[TRUSTED_PROXIES]
