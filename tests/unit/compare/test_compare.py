import subprocess
import sys
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare import exit_code, main, parser, plan_of
from django_runtimes.compare.gate.gate_condition import parse_conditions
from django_runtimes.compare.gate.gate_judge import judge
from django_runtimes.compare.gate.judged_run import JudgedRun
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.run.expected_load import expected_requests
from tests.guestbook import WORKLOAD


def planned(*arguments: str) -> ComparisonPlan:
    """Return the plan of a command line."""
    return plan_of(parser().parse_args(["--workload", str(WORKLOAD), *arguments]))


def test_a_short_budget_measures_one_load():
    plan = planned("--budget", "90s")

    assert (plan.budget_s, plan.load_shares, dict(plan.rates_rps)) == (90.0, (0.5,), {})


def test_a_budget_of_ten_minutes_measures_three_loads():
    plan = planned("--budget", "10m")

    assert (plan.budget_s, plan.load_shares) == (600.0, (0.1, 0.5, 0.8))


def test_a_preview_has_no_budget():
    assert planned("--quick").budget_s is None


def test_rates_of_the_user_apply_to_each_scenario():
    plan = planned("--rate", "20", "--rate", "40", "--rate", "20")

    assert plan.rates_rps == {"read": (20.0, 40.0), "write": (20.0, 40.0)}


def test_limits_are_part_of_the_plan():
    plan = planned("--max-p99-ms", "200", "--max-usd-per-month", "49.5", "--requests-per-month", "5e6")

    assert plan.limits == StatedLimits(200.0, 49.5, 5_000_000.0)
    assert not planned().limits.are_stated


def test_a_preview_cannot_judge_a_p99():
    with pytest.raises(UsageError) as error:
        planned("--quick", "--max-p99-ms", "200")

    assert str(error.value) == (
        "--max-p99-ms 200 needs 368 samples per scenario, which --quick does not measure; leave one of the two out"
    )


@pytest.mark.parametrize(
    ("option", "value", "highest"),
    [
        ("--max-p99-ms", "0", "120000"),
        ("--max-p99-ms", "120001", "120000"),
        ("--max-usd-per-month", "fifty", "1000000000"),
        ("--requests-per-month", "-5", "1000000000000"),
        ("--requests-per-month", "nan", "1000000000000"),
    ],
)
def test_a_limit_out_of_range_is_refused(option: str, value: str, highest: str, capsys):
    with pytest.raises(SystemExit):
        planned(f"{option}={value}")

    assert f"argument {option}: {value!r} is not a number above 0 and up to {highest}" in capsys.readouterr().err


def test_a_preview_cannot_choose_by_the_bill():
    with pytest.raises(UsageError) as error:
        planned("--quick", "--max-usd-per-month", "200")

    assert str(error.value) == (
        "--max-usd-per-month 200 needs an A/A pair with enough blocks to be judged, which --quick does not measure; "
        "leave one of the two out"
    )


@pytest.mark.parametrize("arguments", [["--quick", "--budget", "5m"], ["--rate", "20", "--rates-from", "run.json"]])
def test_options_that_exclude_each_other_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        planned(*arguments)

    assert exit_.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("aws_ecs/pool/direkt p99 > 1.2x", "names no target of the run: 'aws_ecs/pool/direkt'; did you mean"),
        ("aws_ecs/pool/direct@reed p99 > 1.2x", "has no scenario 'reed'; did you mean 'read'?"),
        ("aws_ecs/pool/direct p99 > 1.2", "'1.2' is no limit of p99"),
    ],
)
def test_an_invalid_condition_is_refused_before_anything_is_measured(condition, error, capsys):
    assert main(["--workload", str(WORKLOAD), "--fail-if", condition]) == 2

    captured = capsys.readouterr()
    assert captured.err.startswith(f"webapp compare: --fail-if {condition!r}")
    assert error in captured.err


def measured(*, interrupted: bool = False, failed: bool = False) -> Run:
    """Return a run of the fixture, without its failed target unless `failed`."""
    run = Run.from_json((Path(__file__).parent / "report" / "run.json").read_text())
    targets = tuple(target for target in run.targets if failed or target.status == "measured")
    return Run({**run.environment, "interrupted": interrupted}, targets)


@pytest.mark.parametrize(
    ("run", "limit", "code"),
    [
        (measured(), "1ms", 1),
        (measured(), "1s", 0),
        (measured(failed=True), "1s", 1),
        (measured(interrupted=True), "1ms", 130),
    ],
)
def test_a_condition_decides_the_exit_code_of_a_complete_run(run, limit, code):
    conditions = parse_conditions(
        [f"aws_ecs/pool/direct@read p50 > {limit}"],
        targets=[target.name for target in run.targets],
        scenarios=["read"],
    )

    assert exit_code(run, judge(conditions, [JudgedRun(run)])) == code


def test_a_deployed_target_is_read_within_a_limit():
    plan = planned("--target", "aws_lambda=https://127.0.0.1")

    assert (plan.targets, [str(service.name) for service in plan.deployed]) == ((), ["aws_lambda"])
    assert (plan.allows_writes, plan.max_rate_rps) == (False, 50.0)


def test_emulated_and_deployed_targets_run_side_by_side():
    plan = planned("--target", "aws_ecs/pool/direct", "--target", "aws_ecs=http://127.0.0.1:1", "--max-rate", "9")

    assert [str(name) for name in plan.targets] == ["aws_ecs/pool/direct"]
    assert (plan.deployed[0].url, plan.max_rate_rps) == ("http://127.0.0.1:1", 9.0)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rate", "60"], "the rate of 60 requests/s exceeds --max-rate, the limit of 50 for deployed targets"),
        (["--quick", "--max-rate", "10"], "the rate of 50 requests/s exceeds --max-rate, the limit of 10"),
        (["--target", "aws_ecs/pool/direct", "--target", "aws_ecs/pool/direct=http://127.0.0.1:1"], "as emulated and"),
    ],
)
def test_plans_that_a_deployed_target_excludes_are_refused(arguments, complaint):
    with pytest.raises(UsageError) as error:
        planned("--target", "aws_lambda=https://127.0.0.1", *arguments)

    assert complaint in str(error.value)


@pytest.mark.parametrize("option", ["--allow-writes", "--max-rate=10"])
def test_an_option_that_affects_only_deployed_targets_needs_one(option):
    with pytest.raises(UsageError) as error:
        planned(option)

    assert str(error.value) == (
        f"{option.partition('=')[0]} affects only deployed targets; name one as --target aws_lambda=https://…"
    )


def test_a_short_measurement_key_is_refused_without_showing_it(monkeypatch):
    monkeypatch.setenv("WEBAPP_MEASUREMENT_KEY", "short-secret")

    with pytest.raises(UsageError, match="has 12 characters; generate one of at least 32") as error:
        planned("--target", "aws_lambda=https://127.0.0.1")
    assert "short-secret" not in str(error.value)


def test_the_expected_load_is_limited_by_rate_and_budget():
    plan = planned("--target", "aws_lambda=https://127.0.0.1", "--rate", "20", "--budget", "5m")

    # One read, 31 streams, 2 x 8 windows of 0.5 s at 50/s, 5 bursts of 40 and 5 minutes at 20/s.
    reads = len(plan.workload.harmless_requests)
    assert expected_requests(plan) == reads + 31 + 16 * 0.5 * 50 + 5 * 40 + 300 * 20


def test_the_expected_load_includes_a_repeated_search_for_the_capacity():
    with_rate = planned("--target", "aws_lambda=https://127.0.0.1", "--rate", "25")
    searched = planned("--target", "aws_lambda=https://127.0.0.1")

    # The steady load is half of the highest rate, 50/s, in both. The search takes 15 s, and half as much again.
    assert expected_requests(searched) - expected_requests(with_rate) == 22.5 * 50


def test_the_command_starts_without_the_library_of_the_plots():
    program = "import sys, django_runtimes.compare.compare; print('vl_convert' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "False\n"


@pytest.mark.parametrize("option", ["snapstart", "managed"])
def test_options_of_functions_are_emulated_without_an_image(option):
    with pytest.raises(UsageError) as error:
        planned("--image", "shop", "--target", f"aws_lambda+{option}/per_request/proxy")

    assert str(error.value) == (
        f"--target 'aws_lambda+{option}/per_request/proxy' with --image: the option '{option}' is emulated here "
        "without containers; leave out --image or the option"
    )
