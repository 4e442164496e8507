from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from django_runtimes.compare.cost.analysis import CostAnalysis, analyze_cost
from django_runtimes.compare.cost.bills.bill import Bill
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.record.results import Run

FIXTURE = Path(__file__).parents[2] / "report" / "run.json"
ECS, APP_RUNNER, FUNCTION = "aws_ecs/pool/direct", "aws_app_runner/pool/direct", "aws_lambda/per_request/proxy"
CAPACITIES = {"read": Capacity(412.0), "write": Capacity(150.0)}


def run_with(
    capacities: Mapping[str, Mapping[str, Capacity]],
    *,
    machine: Mapping[str, object] | None = None,
    details: Mapping[str, Mapping[str, str]] | None = None,
) -> Run:
    run = Run.from_json(FIXTURE.read_text())
    return replace(
        run,
        environment={
            **run.environment,
            "machine": {"cpus": 2} if machine is None else machine,
            "targets": details or {},
        },
        targets=tuple(replace(each, capacities=capacities.get(each.name, {})) for each in run.targets),
    )


def capacity_rps(analysis: CostAnalysis, target: str = ECS) -> Decimal:
    return next(each.usage.capacity_rps for each in analysis.usages if each.name == target)


def bill_at_100_rps(analysis: CostAnalysis, target: str = ECS) -> Bill:
    return next(each for each in analysis.targets if each.name == target).bill(Traffic.constant(Decimal(100)))


def test_tasks_are_counted_from_the_capacity_of_the_run():
    analysis = analyze_cost(run_with({ECS: CAPACITIES}))

    bill = bill_at_100_rps(analysis)

    # Writes at 150/s on 2 CPUs are 75/s for 1 vCPU, and 100 / (75 x 0.65) are 3 tasks: 3 x 730 h x 0.04048 USD.
    assert capacity_rps(analysis) == 75
    assert bill.terms[0].quantity == 2_190
    assert round(bill.terms[0].usd, 2) == Decimal("88.65")
    assert (bill.assumed, bill.mark) == ((), "")


def test_larger_tasks_have_more_of_the_measured_capacity():
    settings = ["task_vcpu=2", "task_memory_gb=4"]

    analysis = analyze_cost(run_with({ECS: CAPACITIES}), settings=settings)

    assert capacity_rps(analysis) == 150
    assert bill_at_100_rps(analysis).terms[0].quantity == 2 * 730 * 2


def test_a_container_is_scaled_by_its_own_limit():
    run = run_with({ECS: CAPACITIES}, details={ECS: {"limits": "1 CPU and 2,048 MB"}})

    assert capacity_rps(analyze_cost(run)) == 150
    assert capacity_rps(analyze_cost(run, settings=["task_vcpu=0.5", "task_memory_gb=1"])) == 75


def test_fewer_workers_than_cpus_use_fewer_cpus():
    assert capacity_rps(analyze_cost(run_with({ECS: CAPACITIES}, details={ECS: {"workers": "1"}}))) == 150
    assert capacity_rps(analyze_cost(run_with({ECS: CAPACITIES}, details={ECS: {"workers": "9"}}))) == 75


def test_a_set_capacity_overrides_a_measured_and_an_assumed_one():
    analysis = analyze_cost(run_with({ECS: CAPACITIES}), settings=["capacity_rps=400"])

    assert (capacity_rps(analysis), capacity_rps(analysis, APP_RUNNER)) == (400, 400)
    assert bill_at_100_rps(analysis).mark == ""
    assert bill_at_100_rps(analysis, APP_RUNNER).assumed == ()


@pytest.mark.parametrize(
    "run",
    [
        run_with({}),
        run_with({ECS: {**CAPACITIES, "write": Capacity(150.0, is_certain=False)}}),
        # A third of the capacity of a target that starts the same process cannot be true.
        run_with({ECS: {"read": Capacity(20.0)}, APP_RUNNER: {"read": Capacity(300.0)}}),
        run_with({ECS: CAPACITIES}, machine={}),
        run_with({ECS: CAPACITIES}, machine={"cpus": 0}),
    ],
    ids=["not measured", "uncertain", "implausible", "unknown CPUs", "no CPUs"],
)
def test_without_a_usable_capacity_the_assumption_is_marked(run: Run):
    analysis = analyze_cost(run)

    bill = bill_at_100_rps(analysis)

    # 100 / (50 x 0.65) are 4 tasks.
    assert capacity_rps(analysis) == 50
    assert bill.terms[0].quantity == 2_920
    assert (bill.assumed, bill.mark, bill.text[-1]) == (("capacity_rps",), "†", "†")
    assert analysis.marked(ECS) == f"{ECS}†"


def test_a_deployed_capacity_is_not_the_one_of_a_task():
    run = run_with({ECS: CAPACITIES})
    deployed = replace(run, targets=tuple(replace(each, label="deployed") for each in run.targets))

    assert bill_at_100_rps(analyze_cost(deployed)).mark == "†"


def test_the_bill_without_requests_needs_no_capacity():
    analysis = analyze_cost(None)

    idle = next(each for each in analysis.targets if each.name == ECS).bill(Traffic.constant(Decimal(0)))

    assert (idle.mark, idle.text) == ("", "103.11")


MANAGED = "aws_lambda+managed/persistent/direct"


def managed_run(**details: str) -> Run:
    run = run_with({})
    target = replace(run.targets[0], name=MANAGED, route="direct", capacities=CAPACITIES)
    return replace(run, environment={**run.environment, "targets": {MANAGED: details}}, targets=(target,))


def test_an_environment_of_managed_instances_has_the_capacity_of_its_vcpus():
    analysis = analyze_cost(managed_run())

    # Writes at 150/s on 2 CPUs are 75/s for 1 vCPU; 100 / (75 x 0.65) are 3 environments.
    assert capacity_rps(analysis, MANAGED) == 75
    assert bill_at_100_rps(analysis, "aws_lambda+managed+http_api/persistent/direct").terms[0].quantity == 2_190
    assert "in proportion to the vCPUs of an execution environment" in analysis.usages[0].bases["capacity_rps"]
    assert capacity_rps(analyze_cost(managed_run(), settings=["memory_mb=8192"]), MANAGED) == 150


def test_the_processes_of_an_environment_are_those_of_the_run():
    measured = analyze_cost(managed_run(**{"processes of each environment": "8, never frozen; not AWS's instances"}))
    unknown = analyze_cost(managed_run())

    assert (measured.usages[0].usage.processes, unknown.usages[0].usage.processes) == (8, 4)
    assert measured.usages[0].bases["processes"] == "the number in the run"


def test_a_deployed_function_on_managed_instances_is_billed_by_its_name():
    run = managed_run()
    target = replace(run.targets[0], name="aws_lambda+managed@4096", label="deployed")

    (usage,) = analyze_cost(replace(run, targets=(target,))).usages

    assert (usage.runtime, usage.origins["capacity_rps"]) == ("aws_lambda+managed", ValueOrigin.ASSUMED)


def test_functions_need_no_capacity():
    analysis = analyze_cost(run_with({FUNCTION: CAPACITIES}))

    assert {billed.bill(Traffic.constant(Decimal(1))).assumed for billed in analysis.targets[:2]} == {()}
    assert not any(usage.bases.get("capacity_rps") for usage in analysis.usages)
