"""The scenarios of claims on real servers, with short rounds; verdicts on durations need a quiet machine."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import PIPE

import psutil
import pytest

from django_runtimes.compare.claims import claim_services
from django_runtimes.compare.claims.claim import ClaimEvidence
from django_runtimes.compare.claims.claim_project import ClaimProject
from django_runtimes.compare.claims.claim_services import ClaimServices
from django_runtimes.compare.claims.scenarios import burst
from django_runtimes.compare.claims.scenarios.conn_max_age import measure_leak
from django_runtimes.compare.claims.scenarios.frozen_pool import measure_frozen_pool
from django_runtimes.compare.claims.scenarios.memory_cpu import measure_memory
from django_runtimes.compare.claims.scenarios.package_size import measure_package_size
from django_runtimes.compare.claims.scenarios.proxy_bound import measure_bound
from django_runtimes.compare.claims.scenarios.proxy_handshake import measure_handshake
from django_runtimes.compare.claims.scenarios.shorter_max_age import measure_handshakes
from django_runtimes.compare.claims.scenarios.warm_up import measure_warm_up
from django_runtimes.compare.record.claim_result import ClaimVerdict
from django_runtimes.compare.services import pgbouncer
from tests.integration.compare.comparison import PATIENCE

# An interval of 95 % needs six rounds.
FEW = 6


@pytest.fixture
async def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClaimServices]:
    """Services that leave no process of this one behind; their limits are beyond what a machine stands still."""
    make = claim_services.application_environ
    monkeypatch.setattr(claim_services, "application_environ", lambda *names, **more: make(*names, **more) | PATIENCE)
    monkeypatch.setattr(pgbouncer, "_QUERY_WAIT_S", 120)
    before = set(psutil.Process().children())
    async with ClaimServices(tmp_path) as services:
        yield services
    # A PostgreSQL that other tests share starts processes of its own at any time.
    left = [[child, *child.children(recursive=True)] for child in set(psutil.Process().children()) - before]
    assert left == []


def imported_from(folder: Path) -> str:
    """Return whether Python imports an unused package at its start with this folder on its path."""
    source = "import sys; print('aiohttp.web' in sys.modules)"
    environ = {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", source], env=environ, stdout=PIPE, text=True, check=True
    ).stdout.strip()


def values(evidence: ClaimEvidence) -> dict[str, float]:
    return {figure.name: figure.value for figure in evidence.figures}


async def test_django_under_uvicorn_leaks_connections_with_an_age(services):
    evidence = await measure_leak(services, clients=4, requests=60)

    found = values(evidence)
    assert evidence.decision.verdict is ClaimVerdict.CONFIRMED
    assert found["connections open 1 s after the last response"] > 4
    assert found["the same with CONN_MAX_AGE=0"] == 0


async def test_each_lower_age_opens_more_connections(services):
    found = values(await measure_handshakes(services, rounds=10))

    assert found["requests to each server"] == 50
    # On a very busy machine a connection may exceed its age of 60 s, and each one its age of 1 s.
    assert found["connections opened with CONN_MAX_AGE=60"] <= 5
    assert 0 < found["connections opened with CONN_MAX_AGE=1"] <= 50
    assert found["connections opened with CONN_MAX_AGE=0"] == 50
    # How the latencies compare is the claim's own verdict, with more rounds on a quiet machine.
    assert found["latency at 0 / at 60"] > 0


@pytest.mark.needs("pgbouncer")
async def test_the_proxy_holds_at_most_its_pool(services):
    evidence = await measure_bound(services, clients=20, pool_size=5)

    found = values(evidence)
    assert evidence.decision.verdict is ClaimVerdict.CONFIRMED
    assert found["connections to the server, proxy"] <= 5 < found["connections to the server, direct"]


@pytest.mark.needs("pgbouncer")
async def test_handshakes_of_both_routes_and_a_held_connection_are_compared(services):
    evidence = await measure_handshake(services, rounds=FEW)

    direct, held = evidence.figures
    assert (direct.pairs, held.pairs) == (FEW, FEW)
    # How the durations compare is the claim's own verdict, with more rounds on a quiet machine.
    for figure in (direct, held):
        assert 0 < figure.low <= figure.value <= figure.high


@pytest.mark.needs("pgbouncer")
async def test_a_burst_fails_on_few_slots_and_passes_through_the_proxy(services, monkeypatch):
    # On a slow machine the requests begin apart from each other.
    monkeypatch.setattr(burst, "_HOLD_S", 2.0)
    evidence = await burst.measure_burst(services, requests=6, max_connections=7, pool_size=2)

    found = values(evidence)
    assert evidence.decision.verdict is ClaimVerdict.CONFIRMED
    assert found["slots for the application"] == 4
    assert 1 <= found["failed requests, direct"] <= found["refused connections, direct"]
    assert (found["failed requests, proxy"], found["refused connections, proxy"]) == (0, 0)


async def test_frozen_pools_hold_more_connections_than_environments(services):
    found = values(await measure_frozen_pool(services, environments=2, rounds=FEW))

    assert found["connections held by their pools"] > 2
    assert found["connections held without a pool"] == 2
    assert found["failed after the server closed the connections, pool"] == 2
    assert found["failed after the server closed the connections, one kept"] == 2


async def test_one_warm_up_at_a_time_leaves_a_burst_cold(services):
    evidence = await measure_warm_up(services, burst=2, rounds=FEW)

    found = values(evidence)
    assert evidence.decision.verdict is ClaimVerdict.CONFIRMED
    assert found["cold starts of a single request, after one warm-up at a time"] == 0
    assert found["cold starts of the burst, after one warm-up at a time"] == 1
    assert found["cold starts of the burst, after 2 at once"] == 0


async def test_unused_packages_are_installed_and_imported(services):
    evidence = await measure_package_size(services, rounds=FEW)

    found = values(evidence)
    assert found["their size"] == pytest.approx(50, abs=1)
    # How the durations compare is the claim's own verdict, with more rounds on a quiet machine.
    for figure in evidence.figures[2:]:
        assert 0 < figure.low <= figure.value <= figure.high
    assert imported_from(services.workspace / "installed") == "False"
    assert imported_from(services.workspace / "imported") == "True"


async def test_starts_under_both_quotas_are_compared(services):
    evidence = await measure_memory(services, rounds=FEW)

    if evidence.figures:
        assert values(evidence)["start, 512 / 1769 MB"] > 0
    else:
        assert evidence.decision.verdict is ClaimVerdict.NOT_SHOWN
        assert "not run: " in evidence.decision.reason


async def test_the_starts_of_the_project_itself_are_measured(tmp_path):
    async with ClaimServices(tmp_path, ClaimProject.at(Path(__file__).parent)) as services:
        evidence = await measure_package_size(services, rounds=1)

    assert evidence.subject == "the project's own function (guestbook)"
    # One round is too few for an interval.
    assert evidence.decision.verdict is ClaimVerdict.NOT_SHOWN
    assert list(values(evidence)) == ["unused packages on Python's path", "their size"]
    log = next(tmp_path.glob("package-base/*.log"))
    assert "Traceback" not in log.read_text()
