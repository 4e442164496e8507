import asyncio
import io
from types import SimpleNamespace

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.measurement import Measurement
from tests.guestbook import guestbook_workload

NOTICE = "the other phases left too little of the budget for the steady load; give a longer --budget"


def test_a_budget_that_is_used_up_is_reported():
    shown = io.StringIO()
    plan = ComparisonPlan(guestbook_workload(), rates_rps={"read": (25.0,), "write": (25.0,)})
    subjects = [SimpleNamespace(failure=None, blocks={}, is_deployed=False, scenarios=lambda load: load.scenarios)]
    subjects[0].database, subjects[0].begin_steady = "notes", lambda opened: None

    async def opened(database: str) -> int:
        return 0

    sampler = SimpleNamespace(elapsed_s=3.5, opened=opened)

    with Progress(shown) as progress:
        measurement = Measurement(
            plan, subjects, generator=None, sampler=sampler, progress=progress, seed=1, deadline_s=0.0
        )
        asyncio.run(measurement.measure_steady_load())

    assert shown.getvalue().splitlines() == ["steady load (60)", NOTICE]
    assert subjects[0].blocks == {}
    assert measurement.phases == {"steady load": 3.5}
    assert measurement.planned_blocks == 60
