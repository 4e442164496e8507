"""The image under test, built once a session, and a database that it has migrated."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.containers import remove_stale_containers
from tests.image.migrated_database import migrated_database
from tests.image.podman import EMULATOR, build, podman
from tests.prerequisites import lack


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.image)


@pytest.fixture(scope="session")
def image() -> str:
    """Build the image from the working tree, and return its ID."""
    if not EMULATOR.exists():
        lack("podman and the base image are not set up; run `make image-test` as root, which installs them")
    remove_stale_containers()
    # Builds share cached layers; remove the ones older than a day.
    podman("image", "prune", "--force", "--filter", "until=24h")
    return build()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the path of a file for one container's output."""
    return tmp_path / "container.log"


@pytest.fixture(scope="module")
def database_url(image: str, database_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a new database, which the image has migrated."""
    log = tmp_path_factory.mktemp("migrate") / "container.log"
    with migrated_database(image, database_server, log) as url:
        yield url
