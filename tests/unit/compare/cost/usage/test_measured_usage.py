from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.cost.usage.measured_usage import (
    TargetUsage,
    assumed_usages,
    measured_targets,
    measured_usages,
)
from django_runtimes.compare.cost.usage.usage import Usage
from django_runtimes.compare.cost.usage.usage_settings import UsageSettings, parse_settings
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import ConnectionCounts, Run, TargetResult

FIXTURE = Path(__file__).parents[2] / "report" / "run.json"
NO_SETTINGS = UsageSettings()


@pytest.fixture
def run() -> Run:
    return Run.from_json(FIXTURE.read_text())


def first(*targets: TargetResult, settings: UsageSettings = NO_SETTINGS) -> TargetUsage:
    return measured_usages(Run({}, targets), settings)[0]


def test_the_measured_values_of_a_run_are_used(run: Run):
    usage = first(*run.targets)
    merged = LatencyHistogram.merged(
        LatencyHistogram.decoded(block.histogram)
        for scenario in run.targets[0].scenarios
        if scenario.rate_rps == 25
        for block in scenario.blocks
    )

    assert usage.name == "aws_lambda/per_request/proxy"
    assert {key for key, origin in usage.origins.items() if origin is ValueOrigin.MEASURED} == {
        "duration_ms", "init_ms", "connections", "connections_at_rps", "peak_connections",
    }  # fmt: skip
    assert float(usage.usage.duration_ms) == pytest.approx(merged.mean_ms, abs=0.001)
    assert usage.usage.connections == 8
    assert usage.usage.connections_at_rps == 25
    # Bursts open more connections than the steady load.
    assert usage.usage.peak_connections == 20
    assert usage.bases["peak_connections"] == "the largest number that was sampled (burst, burst_cold), a lower bound"
    assert usage.usage.init_ms == Decimal("432.917")
    assert "an upper bound" in usage.bases["duration_ms"]
    assert "not on AWS" in usage.bases["init_ms"]


def test_values_that_a_run_lacks_are_assumed(run: Run):
    usage = first(*run.targets)

    assert usage.usage.capacity_rps == Usage().capacity_rps
    assert usage.origins["capacity_rps"] is ValueOrigin.ASSUMED


def test_a_set_value_overrides_a_measured_value(run: Run):
    usage = first(run.targets[0], settings=parse_settings(["duration_ms=99"], measured_targets(run)))

    assert usage.usage.duration_ms == 99
    assert usage.origins["duration_ms"] is ValueOrigin.SET
    assert "duration_ms" not in usage.bases


def test_void_blocks_are_left_out(run: Run):
    target = run.targets[0]
    slow = LatencyHistogram()
    slow.record(9_000.0)
    scenario = target.scenarios[0]
    void = replace(scenario.blocks[0], void="the generator was busy", histogram=slow.encoded())
    with_void = replace(target, scenarios=(replace(scenario, blocks=(void, *scenario.blocks[1:])),))
    without = replace(target, scenarios=(replace(scenario, blocks=scenario.blocks[1:]),))

    assert first(with_void).usage.duration_ms == first(without).usage.duration_ms


def test_failed_targets_have_no_usage(run: Run):
    usages = measured_usages(run, NO_SETTINGS)

    assert len(usages) == 4
    assert all("per_request/direct" not in usage.name for usage in usages)


def test_all_values_of_an_unmeasured_target_are_assumed(run: Run):
    empty = replace(
        run.targets[0],
        scenarios=(),
        connections=ConnectionCounts(peak=None, mean=None, opened=None),
        cold_start_ms=replace(run.targets[0].cold_start_ms, phases=run.targets[-1].cold_start_ms.phases),
    )

    assert ValueOrigin.MEASURED not in first(replace(empty, runtime="aws_ecs")).origins.values()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, "8", True])
def test_a_figure_that_is_not_a_number_is_refused(run: Run, value: object):
    scenario = replace(run.targets[0].scenarios[0], rate_rps=value)  # type: ignore[arg-type]
    with pytest.raises(CompareError, match=r"aws_lambda/per_request/proxy: rate_rps is .*, not a number from 0 on"):
        first(replace(run.targets[0], scenarios=(scenario,)))


@pytest.mark.parametrize("text", ["", "x", "HISTFAAAA", "é"])
def test_an_unreadable_histogram_is_refused(run: Run, text: str):
    scenario = run.targets[0].scenarios[0]
    broken = replace(scenario, blocks=(replace(scenario.blocks[0], histogram=text),))

    with pytest.raises(CompareError, match="the histogram of read cannot be read"):
        first(replace(run.targets[0], scenarios=(broken,)))


def test_without_a_run_there_are_four_targets():
    usages = assumed_usages(NO_SETTINGS)

    assert [usage.name for usage in usages] == [
        "aws_lambda/per_request/proxy",
        "aws_lambda/per_request/direct",
        "aws_app_runner/pool/direct",
        "aws_ecs/pool/direct",
    ]
    assert {origin for usage in usages for origin in usage.origins.values()} == {ValueOrigin.ASSUMED}


def test_the_container_limits_of_an_image_are_used(run: Run):
    limits = {
        "aws_lambda/per_request/proxy": {"limits": "0.289 CPU and 512 MB"},
        "aws_ecs/pool/direct": {"limits": "2 CPU and 4,096 MB"},
        "aws_app_runner/pool/direct": {"limits": "no limits"},
    }

    usages = {
        usage.name: usage for usage in measured_usages(replace(run, environment={"targets": limits}), NO_SETTINGS)
    }

    assert usages["aws_lambda/per_request/proxy"].usage.memory_mb == 512
    assert usages["aws_ecs/pool/direct"].usage.task_vcpu == 2
    assert usages["aws_ecs/pool/direct"].usage.task_memory_gb == 4
    assert usages["aws_ecs/pool/direct"].bases["task_vcpu"] == "its limit in the run"
    assert usages["aws_app_runner/pool/direct"].origins["task_vcpu"] is ValueOrigin.ASSUMED


def test_the_limits_are_read_as_a_run_writes_them(run: Run):
    details = {run.targets[0].name: {"limits": str(ContainerLimits.of_lambda(1_769))}}

    usage = measured_usages(replace(run, environment={"targets": details}), NO_SETTINGS)[0]

    assert (usage.usage.memory_mb, usage.bases["memory_mb"]) == (1_769, "its limit in the run")


def test_a_target_needs_the_keys_of_its_runtime(run: Run):
    function = first(*run.targets)

    assert function.needs("memory_mb")
    assert function.needs("log_kb")
    assert not function.needs("task_vcpu")
    assert not function.assumes("duration_ms")
    assert function.assumes("memory_mb")


def test_usage_that_a_run_records_is_used(run: Run):
    usage = {"duration_ms": 3.5, "capacity_rps": 81.25, "response_kb": 12, "unknown_ms": 1.0}

    found = first(replace(run.targets[0], usage=usage))

    assert (found.usage.duration_ms, found.usage.capacity_rps) == (Decimal("3.5"), Decimal("81.25"))
    assert found.usage.response_kb == 12
    assert found.bases["capacity_rps"] == "recorded by the run, emulated"


@pytest.mark.parametrize("value", [float("nan"), -1.0, 0.5, "80", None])
def test_a_recorded_value_out_of_bounds_is_refused(run: Run, value: object):
    with pytest.raises(CompareError, match=r"aws_lambda/per_request/proxy: usage\.capacity_rps is "):
        first(replace(run.targets[0], usage={"capacity_rps": value}))


def test_the_recorded_usage_is_saved_with_the_run(run: Run):
    recorded = replace(run, targets=(replace(run.targets[0], usage={"capacity_rps": 81.25}),))

    assert Run.from_json(recorded.to_json()).targets[0].usage == {"capacity_rps": 81.25}
    assert run.targets[0].usage == {}
