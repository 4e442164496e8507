"""Two runs of different times: the later one has another environment, and a slower target."""

import json
from dataclasses import replace
from pathlib import Path

from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import BlockResult, Run, ScenarioResult, TargetResult

FIXTURE = Path(__file__).parents[1] / "report" / "run.json"
SLOWER = "aws_lambda/persistent/proxy"


def earlier_run() -> Run:
    """Return a run of four measured targets, with errors and a void block, and one failed target."""
    return Run.from_json(FIXTURE.read_text())


def later_run() -> Run:
    """Return the run with a target 1.3 times as slow, a renamed scenario, and two changed parts of the environment."""
    run = earlier_run()
    changed = {
        "revision": "81d0b1e",
        "cpu": "4 cores",
        "postgresql": {"version": "18.1", "settings": {"max_connections": "100", "fsync": "on"}},
    }
    targets = [_slower(target, 1.3) if target.name == SLOWER else target for target in run.targets]
    ecs = targets[-1]
    targets[-1] = replace(ecs, scenarios=(replace(ecs.scenarios[0], rate_rps=50.0), *ecs.scenarios[1:]))
    return replace(run, environment={**run.environment, **changed}, targets=tuple(targets))


def saved(run: Run, path: Path) -> Path:
    """Write a run into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(json.loads(run.to_json())))
    return path


def _slower(target: TargetResult, factor: float) -> TargetResult:
    return replace(target, scenarios=tuple(_slower_scenario(each, factor) for each in target.scenarios))


def _slower_scenario(scenario: ScenarioResult, factor: float) -> ScenarioResult:
    latency = scenario.latency_ms
    return replace(
        scenario,
        latency_ms=replace(
            latency, p50=(latency.p50 or 0) * factor, p99=None if latency.p99 is None else latency.p99 * factor
        ),
        blocks=tuple(_slower_block(block, factor) for block in scenario.blocks),
    )


def _slower_block(block: BlockResult, factor: float) -> BlockResult:
    before, now = LatencyHistogram.decoded(block.histogram), LatencyHistogram()
    for rank in range(1, before.count + 1):
        now.record(factor * before.at_rank_ms(rank))
    return replace(block, p50_ms=(block.p50_ms or 0) * factor, histogram=now.encoded())
