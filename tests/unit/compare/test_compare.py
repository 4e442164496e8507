import pytest

from django_runtimes.compare.compare import parser, plan_of
from django_runtimes.compare.run.comparison_plan import ComparisonPlan
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


@pytest.mark.parametrize("arguments", [["--quick", "--budget", "5m"], ["--rate", "20", "--rates-from", "run.json"]])
def test_options_that_exclude_each_other_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        planned(*arguments)

    assert exit_.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err
