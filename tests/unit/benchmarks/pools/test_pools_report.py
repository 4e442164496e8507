"""The table of the pools."""

import json
from collections import Counter

import pytest
from benchmarks.pools.contenders import CONTENDERS
from benchmarks.pools.measurement import Phases
from benchmarks.pools.outcome import Errors, Outcome
from benchmarks.pools.pools_report import percentile, write

from django_runtimes.compare.record.sampled_connections import SampledConnections

ENVIRONMENT = {
    "finished_at": "2026-01-02T03:04:05+00:00",
    "revision": "abc",
    "python": "3.11.2",
    "machine": {"cpus": 2, "cpu": "a CPU"},
    "postgresql": "18.4",
    "load_average_before": 0.1,
}
NONE = Errors(10, Counter())


def outcome(peak: int, later: Errors = NONE) -> Outcome:
    return Outcome(
        busy=SampledConnections(peak, peak / 2, 10),
        idle=3,
        restarted=SampledConnections(peak + 1, 1.0, 10),
        waits_ms=tuple(float(wait) for wait in range(1, 101)),
        busy_errors=NONE,
        down_errors=Errors(5, Counter({"OperationalError": 5})),
        later_errors=later,
        recovered_s=1.25 if later.by_class else 0.0,
    )


@pytest.fixture
def outcomes():
    failed = Errors(20, Counter({"PoolError": 2}))
    return {contender.key: [outcome(8), outcome(6, failed)] for contender in CONTENDERS}


def test_a_row_has_connections_waits_and_errors(tmp_path, outcomes):
    lines = write(ENVIRONMENT, Phases(), outcomes, tmp_path)

    row = next(line for line in lines if line.startswith("| psycopg2.pool |"))
    assert row == ("| psycopg2.pool | 8 | 8 | 3.5 | 3 | 50 | 100 | 20 | 0 of 20 | 10 of 10 | 2 of 30 | 1.2 | 9 |")
    assert "Errors of psycopg2.pool: 10 OperationalError, 2 PoolError." in lines
    assert (tmp_path / "pools.md").read_text(encoding="utf-8") == "\n".join(lines) + "\n"


def test_a_contender_without_a_limit_has_none_in_the_table(tmp_path, outcomes):
    lines = write(ENVIRONMENT, Phases(), outcomes, tmp_path)

    assert any(line.startswith("| no pool (Django, a connection per request) | - | 8 |") for line in lines)


def test_the_json_has_every_round_and_no_single_wait(tmp_path, outcomes):
    write(ENVIRONMENT, Phases(rounds=2), outcomes, tmp_path)

    content = json.loads((tmp_path / "pools.json").read_text(encoding="utf-8"))
    assert [len(rounds) for rounds in content["contenders"].values()] == [2] * len(CONTENDERS)
    assert content["contenders"]["django"][0]["wait_p99_ms"] == 100.0
    assert "waits_ms" not in content["contenders"]["django"][0]


@pytest.mark.parametrize(("share", "value"), [(0.5, 51.0), (0.99, 100.0), (1.0, 100.0)])
def test_percentiles(share, value):
    assert percentile([float(each) for each in range(1, 101)], share) == value
