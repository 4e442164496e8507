"""The address of a deployed application."""

import pytest

from django_runtimes.deploy.context import with_scheme


@pytest.mark.parametrize("endpoint", ["web.ecs.us-east-1.on.aws", "https://web.ecs.us-east-1.on.aws"])
def test_an_endpoint_without_a_scheme_becomes_an_address(endpoint: str):
    assert with_scheme(endpoint) == "https://web.ecs.us-east-1.on.aws"
