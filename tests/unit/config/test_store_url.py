import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.store_url import StoreAddress, StoreKind, without_login
from django_runtimes.config.variables.store_variables import STORE_URL


def read(url: str) -> StoreAddress | None:
    return Environment({"WEBAPP_STORE_URL": url})[STORE_URL]


@pytest.mark.parametrize(
    ("url", "kind", "location", "region", "is_encrypted"),
    [
        ("memory://", StoreKind.MEMORY, "", None, True),
        ("redis://cache.example", StoreKind.REDIS, "redis://cache.example", None, False),
        ("redis://:p%40ss@cache.example:6380/3", StoreKind.REDIS, "redis://:p%40ss@cache.example:6380/3", None, False),
        ("rediss://app:pw@[::1]:6379", StoreKind.REDIS, "rediss://app:pw@[::1]:6379", None, True),
        ("valkey://cache.example/1", StoreKind.REDIS, "redis://cache.example/1", None, False),
        ("valkeys://cache.example", StoreKind.REDIS, "rediss://cache.example", None, True),
        ("redis://cache_1.example./?protocol=3", StoreKind.REDIS, "redis://cache_1.example./?protocol=3", None, False),
        (
            "rediss://cache.example?ssl_cert_reqs=none&ssl_check_hostname=False",
            StoreKind.REDIS,
            "rediss://cache.example?ssl_cert_reqs=none&ssl_check_hostname=False",
            None,
            True,
        ),
        ("dynamodb://Guestbook-dev_store.1", StoreKind.DYNAMODB, "Guestbook-dev_store.1", None, True),
        ("dynamodb://store?region=eu-west-1", StoreKind.DYNAMODB, "store", "eu-west-1", True),
    ],
)
def test_a_url_names_a_store(url, kind, location, region, is_encrypted):
    assert read(url) == (kind, location, region, is_encrypted)


def test_without_a_url_there_is_no_store():
    assert read("") is None


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("guestbook-store", "is not a URL"),
        ("mysql://cache.example", "has the scheme mysql, which is no store"),
        ("s3cr3t@x://cache.example", "has the scheme another scheme"),
        ("memory://x", "has a text after memory://"),
        ("redis://", "names no host"),
        ("redis://:s3cr3t@", "names no host"),
        ("redis://cache.example:port", "names no host, or a port"),
        ("redis://cache.example:0", "names no host, or a port"),
        ("redis://cache.example:99999", "names no host, or a port"),
        ("redis://cache.example/db", "has a path that is not the number of a database"),
        ("redis://:s3cr3t@more@cache.example", "has an unencoded @"),
        ("redis://app:s3cr3t/@cache.example", "has an unencoded /, ? or # in its user or password"),
        ("redis://app:12?s3cr3t@cache.example/0", "has an unencoded /, ? or # in its user or password"),
        ("redis://app:12#s3cr3t@cache.example/0", "has an unencoded /, ? or # in its user or password"),
        ("redis://cache.example/0#s3cr3t", "has a text after #"),
        ("redis://cache..example", "has a host that is neither a name nor an address"),
        (f"redis://{'x' * 64}.example", "has a host that is neither a name nor an address"),
        ("redis://one.example,two.example", "has a host that is neither a name nor an address"),
        ("redis://cache.example?password=s3cr3t", "has an option that is not known here"),
        ("redis://cache.example?socket_timeout=9", "has an option that is not known here"),
        ("redis://cache.example?ssl_cert_reqs=none", "has an option that is not known here"),
        ("rediss://cache.example?ssl_cert_reqs=s3cr3t", "has an invalid value of the option ssl_cert_reqs"),
        ("rediss://cache.example?ssl_ca_certs=", "has an invalid value of the option ssl_ca_certs"),
        ("dynamodb://", "does not name a DynamoDB table"),
        ("dynamodb://ab", "does not name a DynamoDB table"),
        ("dynamodb://store/x", "does not name a DynamoDB table"),
        ("dynamodb://" + "x" * 256, "does not name a DynamoDB table"),
        ("dynamodb://store?regoin=eu-west-1", "has an option other than region"),
        ("dynamodb://store?region=", "has an option other than region"),
        ("dynamodb://store?region=nowhere", "has the region 'nowhere', which is not a region; write dynamodb://store?"),
    ],
)
def test_an_invalid_url_is_an_error_without_its_password(url, mistake):
    with pytest.raises(ConfigurationError) as raised:
        read(url)

    text = str(raised.value)
    assert text.startswith(f"WEBAPP_STORE_URL {mistake}")
    assert "; write " in text
    assert "s3cr3t" not in text


def test_a_log_has_neither_the_login_nor_the_options_of_a_url():
    assert without_login("rediss://app:s3cr3t@cache.example/1?client_name=s3cr3t") == "rediss://cache.example/1"


def test_an_address_prints_a_table_but_no_password():
    assert "s3cr3t" not in repr(read("redis://:s3cr3t@cache.example"))
    assert "guestbook-store" in repr(read("dynamodb://guestbook-store"))
