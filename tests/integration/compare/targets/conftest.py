"""The notes application under an emulated runtime, with its own database."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from django_runtimes.compare.codebase.environ import application_environ, target_environ
from django_runtimes.compare.codebase.preparation import prepare_application
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.reading import load_workload
from tests.ended_backends import until_disconnected
from tests.integration.compare.comparison import PATIENCE

NOTES = Path(__file__).parents[3] / "applications" / "notes.toml"


@pytest.fixture
def notes_database(database_server, tmp_path) -> str:
    """The URL of a migrated database."""
    name = f"webapp_notes_{secrets.token_hex(4)}"
    url = database_server.url(name)
    with ExitStack() as stack:
        create_database(database_server, name)
        stack.callback(drop_database, database_server, name)
        environ = application_environ(load_workload(NOTES).application, database_url=url, static_root=tmp_path)
        prepare_application(load_workload(NOTES).application, environ, log=tmp_path / "prepare.log")
        until_disconnected(database_server.administration_url, [name])
        yield url


@pytest.fixture
def notes_environ(notes_database, tmp_path) -> Callable[..., dict[str, str]]:
    """Returns a function that makes the notes application's variables for a target."""

    def make(target: str, proxy: PgBouncer | None = None) -> dict[str, str]:
        environ = application_environ(
            load_workload(NOTES).application, database_url=notes_database, static_root=tmp_path
        )
        return target_environ(TargetName.parse(target), environ | PATIENCE, proxy)

    return make
