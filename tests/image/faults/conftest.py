"""Judges each case by its worst repetition, prints its row and records it in reports/image.json."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.figures.report import row
from tests.faults.figures.trials import Case, Trial, Verdict
from tests.image.containers import container_environ
from tests.image.faults.parts.idle_connections import IdleConnections
from tests.image.faults.parts.serving import serving
from tests.image.migrated_database import migrated_database
from tests.image.report import record_fault

_REPETITIONS = 5
_KEEP_ALIVE = 27


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "fault(number, name, target, repetitions=5, has_durations=False): a case of the table of faults; its durations "
        "are judged by a second run, which is marked as quiet",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("fault")
    if marker is not None and marker.kwargs.get("has_durations"):
        runs = [False, pytest.param(True, marks=pytest.mark.quiet)]
        metafunc.parametrize("judges_durations", runs, indirect=True, ids=["counts", "durations"])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The keep-alive case runs last, because its connections idle while the other cases run.
    items.sort(key=lambda item: _number(item) == _KEEP_ALIVE)


def _number(item: pytest.Item) -> int | None:
    marker = item.get_closest_marker("fault")
    return None if marker is None else marker.args[0]


@pytest.fixture(scope="session", autouse=True)
def idle_connections(
    request: pytest.FixtureRequest, image: str, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IdleConnections | None]:
    """Start the idle connections before the first case, if the case that judges them is selected."""
    if not any(_number(item) == _KEEP_ALIVE for item in request.session.items):
        yield None
        return
    with serving(image, database_url, tmp_path_factory.mktemp("idle") / "container.log") as container:
        connections = IdleConnections(container.url)
        connections.start()
        yield connections
    connections.join()


@pytest.fixture
def judges_durations(request: pytest.FixtureRequest) -> bool:
    """Return whether this run judges durations, which only a quiet machine shows."""
    return getattr(request, "param", False)


@pytest.fixture
def trial(request: pytest.FixtureRequest, tmp_path: Path, database_url: str, judges_durations: bool) -> Iterator[Trial]:
    """Return the trial of the case that the test's `fault` marker names.

    In addition to the case's own limits, no log of its containers may contain a secret.
    """
    marker = request.node.get_closest_marker("fault")
    case = Case(*marker.args)
    leaks: list[Path] = []

    def publish(verdict: Verdict) -> None:
        leaks.extend(_leaking_logs(tmp_path, database_url))
        worst, limits = {**verdict.worst, "leaks": len(leaks)}, {**verdict.limits, "leaks": 0}
        record_fault(
            case.number,
            case.name,
            target=case.target,
            repetitions=verdict.repetitions,
            worst={**worst, "broken": verdict.problem is not None, "missed": len(verdict.missed)},
            limits={**limits, "broken": 0, "missed": 0},
        )
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{row(replace(verdict, worst=worst, limits=limits))}")  # noqa: T201

    repetitions = marker.kwargs.get("repetitions", _REPETITIONS)
    yield Trial(case, repetitions, publish, judges_durations=judges_durations)
    assert not leaks


def _leaking_logs(directory: Path, database_url: str) -> list[Path]:
    secret_key = container_environ(database_url)["WEBAPP_SECRET_KEY"]
    password = urlsplit(database_url).password
    assert password
    return [
        log
        for log in directory.rglob("*.log")
        if any(text in log.read_text(errors="replace") for text in (secret_key, password))
    ]


@pytest.fixture(scope="session")
def database_url(image: str, database_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return one migrated database for all cases, because no case counts another case's rows."""
    log = tmp_path_factory.mktemp("migrate") / "container.log"
    with migrated_database(image, database_server, log) as url:
        yield url
