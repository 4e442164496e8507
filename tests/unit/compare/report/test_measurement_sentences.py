from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.measurement_sentences import block_sentences, capacity_sentences
from tests.unit.compare.recommendation.runs import ECS, PERSISTENT, REFERENCE, run_of

FEW = "Too few blocks were valid for both the target and the reference; "


def with_capacities(run: Run, **capacities: Capacity) -> Run:
    """Return a run with a capacity of reads for each of its targets, named by position."""
    found = tuple(capacities.values())
    targets = tuple(
        replace(target, capacities={"read": capacity}) for target, capacity in zip(run.targets, found, strict=True)
    )
    return replace(run, targets=targets)


def test_an_implausible_capacity_is_named_with_its_remedy():
    run = with_capacities(run_of({REFERENCE: 20.0, PERSISTENT: 12.0}), first=Capacity(88.0), second=Capacity(17.3672))

    assert list(capacity_sentences(run)) == [
        f"The capacity of {PERSISTENT} for reads is implausible: 17/s is far below the 88/s which similar targets keep "
        "up with. The rates of all targets may therefore be too low; repeat the run while no other program loads the "
        "machine, or set the rates with --rate or --rates-from."
    ]
    assert next(iter(capacity_sentences(run))) == content_of(run).remarks[0]


def test_an_uncertain_capacity_and_a_long_search_are_named():
    run = with_capacities(
        run_of({ECS: 20.0}),
        first=Capacity(45.2361, is_certain=False, search_s=21.4),
    )

    assert list(capacity_sentences(run)) == [
        f"{ECS} kept up with none of the tried rates of reads; the lowest, 45/s, stands for its capacity. To be "
        "certain, repeat the run while no other program loads the machine.",
        f"The search for the capacity of {ECS} took 21 s instead of at most 15 s: a first result was implausible, or "
        "the last answers took long.",
    ]


def test_plausible_capacities_are_not_mentioned():
    run = with_capacities(
        run_of({REFERENCE: 20.0, PERSISTENT: 12.0}), first=Capacity(88.0, search_s=6.0), second=Capacity(95.0)
    )

    assert list(capacity_sentences(run)) == []


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ({"plan": {"budget_s": None}}, "run webapp compare without --quick."),
        ({"plan": {"budget_s": 300.0}}, "give a longer --budget, or fewer targets."),
        ({"plan": {"budget_s": None}, "generator": {"workers": 2}}, "pass more --blocks."),
        ({"plan": {"budget_s": 300.0}, "interrupted": True}, "the run was interrupted, so repeat it."),
    ],
)
def test_too_few_blocks_have_the_remedy_that_fits(environment: dict[str, object], remedy: str):
    run = replace(run_of({REFERENCE: 20.0, ECS: 12.0}, blocks=2), environment=environment)

    assert list(block_sentences(run, summarize(run))) == [FEW + remedy]


def test_too_few_blocks_because_of_an_implausible_capacity():
    run = with_capacities(
        run_of({REFERENCE: 20.0, PERSISTENT: 12.0}, blocks=2), first=Capacity(88.0), second=Capacity(17.0)
    )
    run = replace(run, environment={"plan": {"budget_s": 300.0}})

    assert list(block_sentences(run, summarize(run))) == [
        f"{FEW}an implausible capacity made the rates low and the blocks long, so set --rate or --rates-from."
    ]


def test_too_few_blocks_because_of_void_blocks():
    run = run_of({REFERENCE: 20.0, ECS: 12.0}, blocks=4)
    first, second = run.targets
    (scenario,) = second.scenarios
    blocks = tuple(replace(block, void="late" if block.index > 1 else None) for block in scenario.blocks)
    late = replace(second, scenarios=(replace(scenario, blocks=blocks, void_blocks=2),))

    run = Run({"plan": {"budget_s": 300.0}}, (first, late))

    assert list(block_sentences(run, summarize(run))) == [
        f"{FEW}many were void, so run webapp compare on a machine that is less busy."
    ]


def test_enough_blocks_need_no_remedy():
    run = run_of({REFERENCE: 20.0, ECS: 12.0})

    assert list(block_sentences(run, summarize(run))) == []
