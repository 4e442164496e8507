"""Fixtures for an empty stand-in for AWS, with or without a database, and for the built wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.installed_wheel import InstalledWheel, install_wheel
from tests.deploy.standin.overlay import database_overlay
from tests.deploy.standin.standin import StandIn, standin


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledWheel:
    """The built wheel in its own environment."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[StandIn]:
    """An empty AWS whose functions and tasks have no database."""
    with standin(tmp_path / "aws") as running:
        yield running


@pytest.fixture
def aws_with_database(tmp_path: Path, database_server) -> Iterator[StandIn]:
    """An empty AWS whose functions and tasks use an empty database."""
    with database_overlay(database_server) as overlay, standin(tmp_path / "aws", overlay=overlay) as running:
        yield running
