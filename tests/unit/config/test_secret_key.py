import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret_key import origin_of, secret_key, weakness
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS
from django_runtimes.config.variables.hops import TRUSTED_PROXIES

LONG_KEY = "abcde" * 10


def test_a_short_key_is_refused_and_not_shown():
    with pytest.raises(ConfigurationError) as error:
        secret_key(Environment({"WEBAPP_SECRET_KEY": "tiny-secret"}), local=False)

    assert "tiny-secret" not in str(error.value)
    assert "11 characters" in str(error.value)


def test_a_key_that_a_repository_holds_is_refused_outside_local():
    environment = Environment({"WEBAPP_SECRET_KEY": "django-insecure-" + LONG_KEY})

    with pytest.raises(ConfigurationError, match="WEBAPP_SECRET_KEY begins with 'django-insecure-' and is public"):
        secret_key(environment, local=False)
    assert secret_key(environment, local=True) is not None


def test_a_long_key_is_taken():
    assert secret_key(Environment({"WEBAPP_SECRET_KEY": LONG_KEY}), local=False) == LONG_KEY


def test_without_the_variable_there_is_no_key_here():
    assert secret_key(Environment({}), local=False) is None


@pytest.mark.parametrize(
    "key", ["django-insecure-" + LONG_KEY, b"django-insecure-" + LONG_KEY.encode(), "short", b"short"]
)
def test_a_key_may_be_text_or_bytes(key):
    assert weakness(key)
    assert not weakness(LONG_KEY)
    assert not weakness(LONG_KEY.encode())


def test_a_key_needs_five_different_characters():
    assert weakness("abcd" * 15) == "has 4 different characters of 5"
    assert weakness(b"a" * 60) == "has 1 different characters of 5"


def test_a_wildcard_host_is_refused():
    with pytest.raises(ConfigurationError, match="accepts forged hosts"):
        Environment({"WEBAPP_ALLOWED_HOSTS": "a.example,*"})[ALLOWED_HOSTS]


def test_origins_follow_from_the_hosts():
    assert [origin_of(host) for host in ("a.example", ".b.example")] == ["https://a.example", "https://*.b.example"]


def test_an_origin_without_a_scheme_is_refused():
    with pytest.raises(ConfigurationError, match=r"has no scheme; write https://a\.example"):
        Environment({"WEBAPP_CSRF_TRUSTED_ORIGINS": "a.example"})[CSRF_TRUSTED_ORIGINS]


def test_proxies_are_trusted_by_their_networks():
    environment = Environment({"WEBAPP_TRUSTED_PROXIES": "10.0.1.7, 10.1.0.0/16,fc00::/7"})

    assert [str(network) for network in environment[TRUSTED_PROXIES]] == ["10.0.1.7/32", "10.1.0.0/16", "fc00::/7"]


def test_no_public_address_is_a_trusted_proxy_unless_named():
    trusted = Environment({})[TRUSTED_PROXIES]

    assert all(network.is_private or str(network) == "100.64.0.0/10" for network in trusted)


def test_a_trusted_proxy_that_is_no_network_is_refused():
    with pytest.raises(ConfigurationError, match=r"WEBAPP_TRUSTED_PROXIES='10\.0\.1\.7/16' is not a network; write"):
        Environment({"WEBAPP_TRUSTED_PROXIES": "10.0.1.7/16"})[TRUSTED_PROXIES]
