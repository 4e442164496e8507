import asyncio
from types import SimpleNamespace

from django_runtimes.compare.analysis.implausible_capacity import similar_key
from django_runtimes.compare.load.block import Block, Outcome, block_of
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.phases.capacity_phase import CapacityPhase
from tests.guestbook import guestbook_workload


def subject(name: str) -> SimpleNamespace:
    return SimpleNamespace(
        name=name,
        similar=similar_key(name, name.rsplit("/", maxsplit=1)[-1], "emulated"),
        failure=None,
        capacities={},
        max_rate_rps=None,
        scenarios=lambda workload: ("read",),
    )


def block(count: int, latency_ms: float) -> Block:
    return block_of([Outcome("list", latency_ms, 0.0, None)] * count, duration_s=1.0)


def test_a_target_far_below_similar_ones_is_searched_again():
    slow, fast, other = (
        subject("aws_ecs/pool/direct"),
        subject("aws_app_runner/pool/direct"),
        subject("aws_lambda/per_request/direct"),
    )
    rates_rps = {"aws_ecs/pool/direct": 20, "aws_app_runner/pool/direct": 100, "aws_lambda/per_request/direct": 20}

    async def saturate(target: SimpleNamespace, scenario: str) -> Block:
        return block(rates_rps[target.name], 80.0)

    async def offer(target: SimpleNamespace, scenario: str, rate_rps: float) -> Block:
        return block(round(rate_rps), 60.0)

    phase = CapacityPhase(ComparisonPlan(guestbook_workload()), saturate, offer)

    async def search() -> None:
        for step in phase.passes:
            for each in (slow, fast, other):
                await step(each)

    asyncio.run(search())
    assert [each.capacities["read"].rate_rps for each in (slow, fast, other)] == [18.0, 90.0, 18.0]
    assert phase.doubtful([slow, fast, other]) == [slow]

    rates_rps["aws_ecs/pool/direct"] = 100
    asyncio.run(phase.repeat(slow))
    assert slow.capacities["read"].rate_rps == 90.0
    assert phase.doubtful([slow, fast, other]) == []
