"""Small runs with plain figures, and their recommendations."""

from dataclasses import replace

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.recommendation.candidate import candidates_of
from django_runtimes.compare.recommendation.recommendation import Recommendation, recommend
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import (
    BlockResult,
    ConnectionCounts,
    Latency,
    Run,
    ScenarioResult,
    TargetResult,
)
from django_runtimes.compare.run.subject import failed_result
from django_runtimes.compare.targets.name import TargetName

REFERENCE = "aws_lambda/per_request/proxy"
PERSISTENT = "aws_lambda/persistent/proxy"
APP_RUNNER = "aws_app_runner/pool/direct"
ECS = "aws_ecs/pool/direct"
MEDIANS_MS = {REFERENCE: 13.0, PERSISTENT: 6.0, ECS: 4.0}
_BLOCKS, _SENT = 30, 100


def recommended(run: Run) -> Recommendation:
    limits = StatedLimits.of_environment(run.environment)
    return recommend(run, summarize(run), candidates_of(run, limits, analyze_cost(run)), limits)


def run_of(medians_ms: dict[str, float], *, limits: dict[str, float] | None = None, blocks: int = _BLOCKS) -> Run:
    """Return a run of reads in which every request of a target takes as long as its median."""
    targets = tuple(target_of(name, p50_ms, blocks=blocks) for name, p50_ms in medians_ms.items())
    return Run({"limits": limits or {}, "workload": "notes"}, targets)


def target_of(name: str, p50_ms: float, *, blocks: int = _BLOCKS, ok_share: float = 1.0) -> TargetResult:
    """Return a measured target."""
    histogram = LatencyHistogram()
    for _ in range(_SENT):
        histogram.record(p50_ms)
    encoded = histogram.encoded()
    # Blocks drift together by a few percent, as on a real machine.
    saved = tuple(
        BlockResult(
            index=index,
            sent=_SENT,
            late=0,
            ok=_SENT,
            duration_s=1.0,
            p50_ms=p50_ms * (1 + 0.001 * (index * 7 % 5)),
            void=None,
            histogram=encoded,
            histogram_from_send=encoded,
        )
        for index in range(blocks)
    )
    count = _SENT * blocks
    p99_ms = p50_ms if count >= 1_000 else None
    scenario = ScenarioResult(
        name="read",
        rate_rps=50.0,
        sent=count,
        late=0,
        ok=round(count * ok_share),
        errors={},
        latency_ms=Latency(count, p50_ms, p50_ms, p99_ms, p50_ms),
        connections=ConnectionCounts(peak=3, mean=2.0, opened=None),
        void_blocks=0,
        blocks=saved,
    )
    measured = failed_result(TargetName.parse(name), "")
    return replace(measured, status="measured", error=None, scenarios=(scenario,))
