import json
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.plan.saved_rates import saved_rates
from django_runtimes.compare.record.results import Run

FIXTURE = Path(__file__).parents[1] / "report" / "run.json"


def saved(tmp_path: Path, plan: object) -> Path:
    run = Run.from_json(FIXTURE.read_text())
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**json.loads(run.to_json()), "environment": {**run.environment, "plan": plan}}))
    return path


def test_the_rates_of_each_scenario_are_taken(tmp_path):
    path = saved(tmp_path, {"rates_rps": {"read": [12.5, 60], "write": [30]}})

    assert saved_rates(path, ["read", "write"]) == {"read": (12.5, 60.0), "write": (30.0,)}


@pytest.mark.parametrize(
    "plan",
    [
        None,
        {},
        {"rates_rps": {"read": [25], "write": []}},
        {"rates_rps": {"read": [25], "write": [0, 1e9]}},
    ],
)
def test_a_run_without_the_rates_of_a_scenario_is_refused(tmp_path, plan):
    with pytest.raises(UsageError, match=r"has no rates of .*writes; name a finished run of the same workload"):
        saved_rates(saved(tmp_path, plan), ["read", "write"])


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ([], "environment.plan is [], not an object"),
        ({"rates_rps": [25]}, "environment.plan.rates_rps is [25], not an object"),
        ({"rates_rps": {"write": "25"}}, "environment.plan.rates_rps.write is '25', not a list"),
        ({"rates_rps": {"write": [25, "x"]}}, "environment.plan.rates_rps.write[1] is 'x', not a number"),
        ({"rates_rps": {"write": [-1]}}, "environment.plan.rates_rps.write[0] is -1, below 0"),
    ],
)
def test_damaged_rates_are_refused_with_their_place(tmp_path, plan: object, error: str):
    with pytest.raises(UsageError) as raised:
        saved_rates(saved(tmp_path, plan), ["read", "write"])

    assert error in str(raised.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        saved_rates(tmp_path / "absent.json", ["read"])
