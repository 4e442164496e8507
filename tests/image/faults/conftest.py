"""Judges each case by its worst repetition, prints its row and records it in reports/image.json."""

import secrets
from collections.abc import Iterator

import pytest

from tests.faults.report import row
from tests.faults.trials import Case, Trial, Verdict
from tests.image.containers import container_environ, run_container
from tests.image.report import record_fault
from webapp.compare.services.databases import create_database, drop_database

_REPETITIONS = 5


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(number, name, target, repetitions=5): a case of the table of faults")


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Trial:
    """The case that the test's `fault` marker names; the brief cases make their one repetition a long one."""
    marker = request.node.get_closest_marker("fault")
    case = Case(*marker.args)

    def publish(verdict: Verdict) -> None:
        record_fault(
            case.number,
            case.name,
            target=case.target,
            repetitions=verdict.repetitions,
            worst={**verdict.worst, "broken": verdict.problem is not None, "missed": len(verdict.missed)},
            limits={**verdict.limits, "broken": 0, "missed": 0},
        )
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{row(verdict)}")  # noqa: T201

    return Trial(case, marker.kwargs.get("repetitions", _REPETITIONS), publish)


@pytest.fixture(scope="session")
def database_url(image: str, database_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One migrated database for all cases: none of them counts what another one wrote."""
    name = f"image_faults_{secrets.token_hex(4)}"
    create_database(database_server, name)
    url = database_server.url(name)
    log = tmp_path_factory.mktemp("migrate") / "container.log"
    with run_container(image, container_environ(url), arguments=["migrate", "--verbosity", "0"], log=log) as migration:
        assert migration.wait(60) == 0, migration.logs()
    yield url
    drop_database(database_server, name)
