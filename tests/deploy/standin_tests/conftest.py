"""Shares one stand-in among all of its own tests; each test uses its own stacks."""

from collections.abc import Iterator

import pytest

from tests.deploy.standin.standin import StandIn, standin


@pytest.fixture(scope="session")
def shared_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with standin(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def cloudformation(shared_aws: StandIn):
    yield shared_aws.client("cloudformation")
    shared_aws.clear()
