from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.gate.gate_condition import EXAMPLES, parse_conditions
from django_runtimes.compare.gate.gate_figure import GateFigure, GateVerdict
from django_runtimes.compare.gate.gate_judge import gate_exit_code, judge
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.gate.judged_run import JudgedRun
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.targets.cold_starts import ColdStarts

FIXTURE = Path(__file__).parents[1] / "report" / "run.json"
ECS, APP_RUNNER, LAMBDA = "aws_ecs/pool/direct", "aws_app_runner/pool/direct", "aws_lambda/per_request/proxy"


@pytest.fixture
def run() -> Run:
    """Return a run of four measured targets, with errors and a void block, and one failed target."""
    return Run.from_json(FIXTURE.read_text())


def outcomes(run: Run, *texts: str, base: Run | None = None) -> tuple[GateOutcome, ...]:
    names = [target.name for target in run.targets]
    conditions = parse_conditions(texts, targets=names, scenarios=("read", "write", "burst", "burst_cold"))
    judged = JudgedRun(run) if base is None else JudgedRun(run, "run 2", base, "run 1")
    return judge(conditions, [judged])


def line(run: Run, text: str, *, base: Run | None = None) -> str:
    """Return the only line, without the condition at its end."""
    (outcome,) = outcomes(run, text, base=base)
    shown, _, condition = outcome.line.rpartition(" (--fail-if ")
    assert condition == f"{text!r})"
    return shown


def changed(run: Run, name: str, **values: object) -> Run:
    targets = tuple(replace(target, **values) if target.name == name else target for target in run.targets)
    return replace(run, targets=targets)


def ecs(run: Run) -> TargetResult:
    return next(target for target in run.targets if target.name == ECS)


def slower(run: Run, name: str, factor: float) -> Run:
    """Return the run with the block medians of one target multiplied."""
    target = next(each for each in run.targets if each.name == name)
    scenarios = tuple(
        replace(
            each,
            blocks=tuple(replace(block, p50_ms=block.p50_ms and block.p50_ms * factor) for block in each.blocks),
        )
        for each in target.scenarios
    )
    return changed(run, name, scenarios=scenarios)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{ECS}@read p50 > 20ms",
            f"passed: {ECS}@read:25: p50 3.96 ms (3.93 ms to 3.99 ms, 90% interval), not above 20ms",
        ),
        (f"{ECS}@read p50 > 3ms", f"FAILED: {ECS}@read:25: p50 3.96 ms (3.93 ms to 3.99 ms, 90% interval), above 3ms"),
        (
            f"{ECS}@read p50 > 3960us",
            f"undecided: {ECS}@read:25: p50 3.96 ms (3.93 ms to 3.99 ms, 90% interval), not surely above 3960us",
        ),
        (
            f"{ECS}@read p99 > 1.2x",
            f"passed: {ECS}@read:25: p99 0.28x (0.27x to 0.31x, 90% interval) of {LAMBDA}, not above 1.2x",
        ),
        (
            f"{ECS}@read:25 p50 > 0.2x",
            f"FAILED: {ECS}@read:25: p50 0.28x (0.28x to 0.29x, 90% interval) of {LAMBDA}, above 0.2x",
        ),
        (
            f"{ECS}@burst p90 > 40ms",
            f"FAILED: {ECS}@burst: p90 44.2 ms (43.0 ms to 46.2 ms, 90% interval), above 40ms",
        ),
        (
            f"{LAMBDA}@write errors > 0.1%",
            f"FAILED: {LAMBDA}@write:25: errors 0.826% (0.283% to 1.88%, 90% interval), above 0.1%",
        ),
        (
            f"{ECS}@write errors > 1%",
            f"passed: {ECS}@write:25: errors 0% (0% to 0.622%, 90% interval), not above 1%",
        ),
        (f"{ECS} connections > 5", f"FAILED: {ECS}: connections 8, above 5"),
        (f"{ECS}@read connections > 5", f"passed: {ECS}@read:25: connections 3, not above 5"),
        (
            f"{ECS} cold_start p50 > 400ms",
            f"NOT JUDGED: {ECS}: cold_start p50 cannot be judged: 3 cold starts are too few for an interval at 90%",
        ),
        (
            f"{ECS} cold_start p50 > 1.2x",
            f"NOT JUDGED: {ECS}: cold_start p50 cannot be judged: there are too few blocks, samples or starts for an "
            "interval at 90%; give a longer --budget",
        ),
    ],
)
def test_the_line_of_a_condition_has_the_figure_and_its_interval(run: Run, text: str, expected: str):
    assert line(run, text) == expected


def test_five_cold_starts_are_enough(run: Run):
    five = ColdStarts.of_phases([400.0, 410.0, 420.0, 430.0, 440.0], [40.0] * 5)
    run = changed(changed(run, ECS, cold_start_ms=five), LAMBDA, cold_start_ms=five)

    assert line(run, f"{ECS} cold_start p50 > 430ms") == (
        f"FAILED: {ECS}: cold_start p50 460 ms (440 ms to 480 ms, 90% interval), above 430ms"
    )
    assert line(run, f"{ECS} cold_start p50 > 1.2x").startswith(f"passed: {ECS}: cold_start p50 1.00x (0.9")


def test_every_target_but_the_reference_has_a_ratio(run: Run):
    subjects = [outcome.subject for outcome in outcomes(run, "*@read p50 > 1.2x")]

    assert subjects == [
        "aws_lambda/persistent/proxy@read:25",
        "aws_lambda/per_request/direct",
        "aws_app_runner/pool/direct@read:25",
        "aws_ecs/pool/direct@read:25",
    ]


def test_errors_of_bursts_hold_a_condition_on_errors(run: Run):
    lines = [each.line for each in outcomes(run, "aws_lambda/persistent/proxy errors > 0.1%")]

    assert [text.partition(": errors")[0] for text in lines] == [
        "passed: aws_lambda/persistent/proxy@read:25",
        "undecided: aws_lambda/persistent/proxy@write:25",
        "FAILED: aws_lambda/persistent/proxy@burst",
        "FAILED: aws_lambda/persistent/proxy@burst_cold",
    ]
    assert gate_exit_code(outcomes(run, "aws_lambda/persistent/proxy errors > 0.1%")) == 1


def test_the_examples_of_the_help_are_judged_after_a_run_without_a_p99(run: Run):
    without_p99 = tuple(
        replace(each, scenarios=tuple(replace(s, latency_ms=replace(s.latency_ms, p99=None)) for s in each.scenarios))
        for each in run.targets
        if each.status == "measured"
    )

    judged = outcomes(replace(run, targets=without_p99), *EXAMPLES)

    assert len(judged) == 16
    assert GateVerdict.NOT_JUDGED not in {outcome.verdict for outcome in judged}


def test_the_interval_is_wider_for_more_figures(run: Run):
    (one,) = outcomes(run, f"{ECS}@read p50 > 20ms")
    two = outcomes(run, f"{ECS} p50 > 20ms")

    assert (one.figure.confidence, *(each.figure.confidence for each in two)) == (0.9, 0.95, 0.95)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{ECS}@write p99 > 20ms", "a p99 needs 1,000 samples, and it has 360; give a longer --budget"),
        (f"{ECS}@write p99 > 1.2x", "a p99 needs 1,000 samples, and it has 360; give a longer --budget"),
        (f"{LAMBDA}@read p50 > 1.2x", "it is the reference itself; name another target"),
        (f"{ECS}@burst p50 > 1.2x", "bursts have no ratio, since a run has too few of them; name a steady load"),
        (f"{ECS}@read:50 p50 > 20ms", "it has no load 'read:50'; its loads are: read:25, write:25, burst"),
        (f"{ECS}@burst_cold errors > 1%", "it has no load 'burst_cold'; its loads are: read:25, write:25, burst"),
        ("aws_lambda/per_request/direct p50 > 1ms", "it failed: execution environment 3 was not ready within 10 s"),
        (
            "aws_lambda/persistent/proxy@burst p50 > 20ms",
            "7.5% of its answers were errors, which its latencies leave out; the limit is 1%",
        ),
    ],
)
def test_a_condition_that_cannot_be_judged_says_why(run: Run, text: str, reason: str):
    (outcome,) = outcomes(run, text)

    assert outcome.verdict is GateVerdict.NOT_JUDGED
    assert outcome.reason.startswith(reason)
    assert gate_exit_code([outcome]) == 2


def test_a_void_scenario_cannot_be_judged(run: Run):
    scenarios = tuple(
        replace(each, blocks=tuple(replace(block, void="late") for block in each.blocks)) for each in ecs(run).scenarios
    )
    void = changed(run, ECS, scenarios=scenarios)

    for limit in ("20ms", "1.2x"):
        assert line(void, f"{ECS}@read p50 > {limit}").endswith("cannot be judged: all its blocks are void: late")


def test_an_a_a_pair_that_differs_allows_no_ratio(run: Run):
    differing = slower(run, APP_RUNNER, 2.0)

    assert line(differing, f"{ECS}@read p50 > 1.2x").endswith(
        "cannot be judged: an A/A pair of the run differs, so its ratios prove nothing"
    )
    assert line(differing, f"{ECS}@read p50 > 20ms").startswith("passed")


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (f"{ECS} usd_per_million > 0.01", f"{ECS}@10"),
        (f"{ECS}@100 usd_per_month > 0.01", f"{ECS}@100"),
        (f"{LAMBDA} usd_per_month > 0.01", "aws_lambda+http_api/per_request/proxy@10"),
        ("aws_lambda+url/per_request/proxy usd_per_month > 0.01", "aws_lambda+url/per_request/proxy@10"),
    ],
)
def test_a_bill_is_compared_with_its_limit(run: Run, text: str, subject: str):
    shown = line(run, text)

    assert shown.startswith(f"FAILED: {subject}: usd_per_m")
    assert " USD, above 0.01" in shown


def test_a_bill_names_the_unverified_prices_in_it(run: Run):
    assert "USD, above 0.01; not verified: apprunner_active_s; assumed: capacity_rps" in line(
        run, f"{APP_RUNNER} usd_per_month > 0.01"
    )
    assert "not verified" not in line(run, f"{ECS} usd_per_month > 0.01")


def test_a_runtime_without_prices_has_no_bill(run: Run):
    unknown = changed(run, ECS, runtime="kubernetes")

    assert "it has no bill" in line(unknown, f"{ECS} usd_per_month > 3")


def test_with_an_earlier_run_a_ratio_is_to_the_same_target_there(run: Run):
    assert line(slower(slower(run, ECS, 1.5), APP_RUNNER, 1.5), f"{ECS}@read p50 > 1.2x", base=run) == (
        f"FAILED: run 2: {ECS}@read:25: p50 1.50x (1.49x to 1.51x, 90% interval) of run 1, above 1.2x"
    )
    assert line(run, f"{ECS}@read p99 > 1.2x", base=run).startswith(f"passed: run 2: {ECS}@read:25: p99 1.00x (0.")


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        ({"scenarios": ()}, "run 1 has no load 'read:25'; measure both at the same rates, with --rates-from"),
        ({"status": "failed"}, "run 1 did not measure it"),
    ],
)
def test_a_ratio_needs_the_same_load_in_the_earlier_run(run: Run, without: dict[str, object], reason: str):
    assert line(run, f"{ECS}@read p50 > 1.2x", base=changed(run, ECS, **without)).endswith(
        f"cannot be judged: {reason}"
    )


def test_an_a_a_pair_that_cannot_be_judged_allows_no_ratio(run: Run):
    scenarios = tuple(
        replace(each, blocks=tuple(replace(block, void="late") for block in each.blocks))
        for target in run.targets
        if target.name == APP_RUNNER
        for each in target.scenarios
    )
    unjudged = changed(run, APP_RUNNER, scenarios=scenarios)

    assert line(unjudged, f"{ECS}@read p50 > 1.2x").endswith(
        "an A/A pair of the run could not be judged, since too few of its blocks are valid, so its ratios prove nothing"
    )


def test_an_a_a_pair_of_the_earlier_run_allows_no_ratio(run: Run):
    base = slower(run, APP_RUNNER, 2.0)

    assert "an A/A pair of run 1 differs" in line(run, f"{ECS}@read p50 > 1.2x", base=base)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.3, 1.5, GateVerdict.HOLDS),
        (1.1, 1.5, GateVerdict.UNDECIDED),
        (1.2, 1.5, GateVerdict.UNDECIDED),
        (1.1, 1.2, GateVerdict.PASSES),
        (None, 1.5, GateVerdict.UNDECIDED),
        (1.3, None, GateVerdict.HOLDS),
        (1.1, None, GateVerdict.UNDECIDED),
    ],
)
def test_a_condition_holds_only_if_the_whole_interval_is_above(low, high, verdict):
    assert GateFigure(1.25, low, high, 0.9).verdict(1.2) is verdict


def test_the_exit_code_is_1_if_any_condition_holds(run: Run):
    holds, passes, undecided = f"{ECS}@read p50 > 1ms", f"{ECS}@read p50 > 20ms", f"{ECS}@read p50 > 3960us"
    unjudged = f"{ECS}@write p99 > 1ms"

    assert gate_exit_code(outcomes(run)) == 0
    assert gate_exit_code(outcomes(run, passes, undecided)) == 0
    assert gate_exit_code(outcomes(run, passes, unjudged)) == 2
    assert gate_exit_code(outcomes(run, unjudged, holds, passes)) == 1
