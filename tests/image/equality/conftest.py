"""The responses to the request set in each place, each with its own database."""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.image.containers import container_environ, run_container
from tests.image.equality.places import PLACES, Answer
from tests.image.equality.requests import request_set
from tests.image.podman import CHECKOUT, ENVIRON, build

Answers = Mapping[str, Answer]


@pytest.fixture(scope="module")
def answers(image: str, database_server, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Answers]:
    """Return the responses by place and by the request's name."""
    with_views = build(context=CHECKOUT / "tests/image/equality", base_image=image)
    with pytest.MonkeyPatch.context() as patch:
        # Our emulator looks for the image in the storage that these variables name.
        for name in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"):
            patch.setenv(name, ENVIRON[name])
        return {
            place: asyncio.run(_ask_everything(place, with_views, database_server, tmp_path_factory.mktemp(place)))
            for place in PLACES
        }


async def _ask_everything(place: str, image: str, database_server, directory: Path) -> Answers:
    name = f"image_{place}_{secrets.token_hex(4)}"
    create_database(database_server, name)
    try:
        url = database_server.url(name)
        migrate = ("migrate", "--verbosity", "0")
        with run_container(
            image, container_environ(url), arguments=migrate, log=directory / "migrate.log"
        ) as migration:
            assert migration.wait() == 0, migration.logs()
        async with PLACES[place](image, url, directory / "log") as ask:
            return {request.name: await ask(request) for request in request_set()}
    finally:
        drop_database(database_server, name)
