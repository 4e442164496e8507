"""An AWS for a test (the stand-in, empty, with a database behind what runs in it), and the built wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.installed_wheel import InstalledWheel, install_wheel
from tests.deploy.standin.overlay import database_overlay
from tests.deploy.standin.standin import StandIn, standin


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledWheel:
    """The built wheel in an environment of its own."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[StandIn]:
    """An empty AWS whose functions and tasks have no database."""
    with standin(tmp_path / "aws") as running:
        yield running


@pytest.fixture
def aws_with_database(tmp_path: Path, database_server) -> Iterator[StandIn]:
    """An empty AWS with an empty database, which its functions and tasks reach by the stacks' logins."""
    with database_overlay(database_server) as overlay, standin(tmp_path / "aws", overlay=overlay) as running:
        yield running
