"""The image under test, built once a session, and a database that it has migrated."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.image.containers import container_environ, remove_stale_containers, run_container
from tests.image.podman import EMULATOR, build, podman
from tests.prerequisites import lack


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.image)


@pytest.fixture(scope="session")
def image() -> str:
    """The image's id, built from the working tree."""
    if not EMULATOR.exists():
        lack("podman and the base image are not set up; run `make image-test` as root, which installs them")
    remove_stale_containers()
    # Each build leaves its layers to the next one; a day's are enough.
    podman("image", "prune", "--force", "--filter", "until=24h")
    return build()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file for one container's output."""
    return tmp_path / "container.log"


@pytest.fixture(scope="module")
def database_url(image: str, database_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database of this module's, migrated by the image."""
    name = f"image_{secrets.token_hex(4)}"
    create_database(database_server, name)
    url = database_server.url(name)
    log = tmp_path_factory.mktemp("migrate") / "container.log"
    with run_container(image, container_environ(url), arguments=["migrate", "--verbosity", "0"], log=log) as migration:
        assert migration.wait(60) == 0, migration.logs()
    yield url
    drop_database(database_server, name)
