"""Allowed hosts, and the trusted origins that follow from them."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.http.host_origin import origin_of
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS


def test_a_wildcard_host_is_refused():
    with pytest.raises(ConfigurationError, match="accepts forged hosts"):
        Environment({"WEBAPP_ALLOWED_HOSTS": "a.example,*"})[ALLOWED_HOSTS]


def test_origins_follow_from_the_hosts():
    assert [origin_of(host) for host in ("a.example", ".b.example")] == ["https://a.example", "https://*.b.example"]


def test_an_origin_without_a_scheme_is_refused():
    with pytest.raises(ConfigurationError, match=r"has no scheme; use https://a\.example"):
        Environment({"WEBAPP_CSRF_TRUSTED_ORIGINS": "a.example"})[CSRF_TRUSTED_ORIGINS]
