"""Fixtures for an empty stand-in for AWS, with or without a database, and for the built wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.installed_wheel import InstalledWheel, install_wheel
from tests.deploy.standin.moto_server import MANAGED_POLICIES
from tests.deploy.standin.overlay import database_overlay
from tests.deploy.standin.standin import StandIn, standin
from tests.moto import moto_server


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledWheel:
    """The built wheel in its own environment."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def shared_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running moto server for the one stand-in of each test."""
    with moto_server(tmp_path_factory.mktemp("moto") / "log", variables=MANAGED_POLICIES) as url:
        yield url


@pytest.fixture
def aws(tmp_path: Path, shared_moto: str) -> Iterator[StandIn]:
    """An empty AWS whose functions and tasks have no database."""
    with standin(tmp_path / "aws", moto=shared_moto) as running:
        yield running


@pytest.fixture
def aws_with_database(tmp_path: Path, database_server, shared_moto: str) -> Iterator[StandIn]:
    """An empty AWS whose functions and tasks use an empty database."""
    with (
        database_overlay(database_server) as overlay,
        standin(tmp_path / "aws", overlay=overlay, moto=shared_moto) as running,
    ):
        yield running
