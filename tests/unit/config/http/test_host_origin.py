"""Allowed hosts, and the trusted origins that follow from them."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.http.host_origin import origin_of, trusted_origins
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS


def test_a_wildcard_host_is_refused():
    with pytest.raises(ConfigurationError, match="accepts forged hosts"):
        Environment({"WEBAPP_ALLOWED_HOSTS": "a.example,*"})[ALLOWED_HOSTS]


def test_origins_follow_from_the_hosts():
    assert [origin_of(host) for host in ("a.example", ".b.example")] == ["https://a.example", "https://*.b.example"]


def test_an_origin_without_a_scheme_is_refused():
    with pytest.raises(ConfigurationError, match=r"has no scheme; use https://a\.example"):
        Environment({"WEBAPP_CSRF_TRUSTED_ORIGINS": "a.example"})[CSRF_TRUSTED_ORIGINS]


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        ("https://a.example/shop", "has a path, so it matches no origin; use https://a.example"),
        (
            "https://a.example b.example",
            "has a space or no host, so it matches no origin; separate origins with commas",
        ),
        ("https://", "has a space or no host"),
    ],
)
def test_an_origin_that_matches_nothing_is_refused(origin, text):
    with pytest.raises(ConfigurationError, match=f"^WEBAPP_CSRF_TRUSTED_ORIGINS='{origin}' {text}"):
        Environment({"WEBAPP_CSRF_TRUSTED_ORIGINS": origin})[CSRF_TRUSTED_ORIGINS]


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("https://a.example", "has a scheme, so it matches no host; write only the host name"),
        ("b c", "has a space, so it matches no host; separate host names with commas"),
        ("a.example/shop", "has a path, so it matches no host; write only the host name"),
        ("a.example:8000", "has a port, so it matches no host; write a.example, which allows every port"),
        ("[::1]:8000", "has a port, so it matches no host; write [::1], which allows every port"),
        ("a.example.:443", "has a port, so it matches no host; write a.example, which allows every port"),
        ("*.a.example", "matches no host, since subdomains are allowed by a leading dot; write .a.example"),
        ("a.example.", "has a trailing dot, so it matches no host; write a.example"),
        (".a.example.", "has a trailing dot, so it matches no host; write .a.example"),
        (".", "is not a host name; "),
        ("::1", "is not a host name; use letters, digits, dots and hyphens, or an IPv6 address in brackets; "),
        ("bücher.example", "is not a host name; "),
    ],
)
def test_a_host_that_matches_nothing_is_refused(host, text):
    with pytest.raises(ConfigurationError) as error:
        Environment({"WEBAPP_ALLOWED_HOSTS": f"ok.example,{host}"})[ALLOWED_HOSTS]

    assert str(error.value).startswith(f"WEBAPP_ALLOWED_HOSTS={host!r} {text}")


def test_hosts_that_django_matches_are_accepted():
    hosts = ["A.example", ".b.example", "127.0.0.1", "[::1]", "xn--bcher-kva.example", "localhost"]

    assert Environment({"WEBAPP_ALLOWED_HOSTS": ",".join(hosts)})[ALLOWED_HOSTS] == hosts


def test_wildcards_of_domains_that_aws_shares_are_not_trusted():
    hosts = [
        ".lambda-url.us-east-1.on.aws",
        ".us-east-1.awsapprunner.com",
        ".ecs.us-east-1.on.aws",
        "a1.execute-api.us-east-1.amazonaws.com",
        "shop.example.com",
        ".example.com",
        "*",
        "",
        None,
    ]

    assert trusted_origins(hosts) == [
        "https://a1.execute-api.us-east-1.amazonaws.com",
        "https://shop.example.com",
        "https://*.example.com",
    ]
