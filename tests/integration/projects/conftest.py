"""The example projects, whose databases were migrated before the adoption."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.config.database_url.url import parse_database_url
from tests.integration.compare.comparison import PATIENCE
from tests.integration.entrypoints.launcher import container
from tests.integration.projects.client import Client
from tests.integration.projects.example import Example


def adopted(name: str, prefix: str, server, folder: Path) -> Iterator[Example]:
    """Yield a project that migrated its database before `webapp init` adopted it."""
    database = f"webapp_{name}_{secrets.token_hex(4)}"
    create_database(server, database)
    url = server.url(database)
    address = parse_database_url(url)
    variables = {
        f"{prefix}_DB_{part}": str(value)
        for part, value in {
            "NAME": address.name,
            "USER": address.user,
            "PASSWORD": address.password,
            "HOST": address.host,
            "PORT": address.port,
        }.items()
    }
    example = Example.copied(name, folder, database_url=url, variables=variables)
    example.manage("migrate", "--verbosity", "0")
    example.webapp("init", "--yes")
    yield example
    drop_database(server, database)


@pytest.fixture(scope="module")
def stock(database_server, tmp_path_factory) -> Iterator[Example]:
    """The adopted API."""
    yield from adopted("stock", "STOCK", database_server, tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="module")
def gallery(database_server, tmp_path_factory) -> Iterator[Example]:
    """The adopted site."""
    yield from adopted("gallery", "GALLERY", database_server, tmp_path_factory.mktemp("examples"))


@pytest.fixture(params=["stock", "gallery"])
def example(request) -> Example:
    """Each of the two projects."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def server(tmp_path):
    """Starts an example's server; returns a client that keeps cookies, and the log."""
    running = []

    def start(example):
        named = {"DJANGO_SETTINGS_MODULE": example.settings_module, "PYTHONPATH": str(example.folder)}
        named |= {name: value for name, value in PATIENCE.items() if name not in example.variables}
        running.append(container(tmp_path / "log", python=example.python, **example.environ("aws_ecs", **named)))
        _, port = running[-1].__enter__()
        return Client(port), tmp_path / "log"

    yield start
    for each in running:
        each.__exit__(None, None, None)
