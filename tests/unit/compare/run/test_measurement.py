import asyncio
import io
from types import SimpleNamespace

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.measurement import Measurement
from django_runtimes.compare.run.time_limit import TimeLimit
from tests.guestbook import guestbook_workload

NOTICE = "the other phases left too little time for the steady load; "


@pytest.mark.parametrize(("budget_s", "remedy"), [(300.0, "give a longer --budget"), (None, "run without --quick")])
def test_a_time_that_is_used_up_is_reported_with_its_remedy(budget_s: float | None, remedy: str):
    shown, limit = io.StringIO(), TimeLimit(0.0)
    plan = ComparisonPlan(
        guestbook_workload(), rates_rps={"read": (25.0,), "write": (25.0,)}, budget_s=budget_s, limit_s=0.0
    )
    subjects = [SimpleNamespace(failure=None, blocks={}, is_deployed=False, scenarios=lambda load: load.scenarios)]
    subjects[0].database, subjects[0].begin_steady = "notes", lambda opened: None

    async def opened(database: str) -> int:
        return 0

    sampler = SimpleNamespace(elapsed_s=3.5, opened=opened)

    with Progress(shown) as progress:
        measurement = Measurement(
            plan, subjects, generator=None, sampler=sampler, progress=progress, seed=1, limit=limit
        )
        asyncio.run(measurement.measure_steady_load())

    assert shown.getvalue().splitlines() == ["steady load (60)", f"{NOTICE}{remedy}"]
    assert subjects[0].blocks == {}
    assert measurement.phases == {"steady load": 3.5}
    assert measurement.planned_blocks == 60
    assert limit.left_out == ["blocks of the steady load from round 1 on"]


@pytest.mark.parametrize(("limit_s", "started"), [(None, ["a", "b"] * 3), (100.0, ["a", "b", "a", "b"])])
def test_cold_starts_end_at_their_share_of_the_limit(limit_s: float | None, started: list[str]):
    clock = {"s": 0.0}
    limit = TimeLimit(limit_s, clock=lambda: clock["s"])
    done: list[str] = []

    async def cold_start(subject: SimpleNamespace) -> None:
        done.append(subject.name)
        clock["s"] += 9.0

    subjects = [SimpleNamespace(name=name, failure=None) for name in "ab"]
    with Progress(io.StringIO()) as progress:
        measurement = Measurement(
            ComparisonPlan(guestbook_workload()),
            subjects,
            generator=None,
            sampler=None,
            progress=progress,
            seed=1,
            limit=limit,
        )
        asyncio.run(measurement._optional_phase("cold starts", [cold_start] * 3, 0.35))

    assert sorted(done) == sorted(started)
    assert limit.left_out == ([] if limit_s is None else ["cold starts (2 of 6 steps)"])
