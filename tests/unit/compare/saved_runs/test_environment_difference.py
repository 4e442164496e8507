import pytest

from django_runtimes.compare.saved_runs.environment_difference import EnvironmentDifference, environment_differences


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ({"machine": {"cpu": "A"}}, {"machine": {"cpu": "B"}}, "machine.cpu"),
        ({"machine": {"kernel": "A"}}, {"machine": {"kernel": "B"}}, "machine.kernel"),
        ({"machine": {"limits": "A"}}, {"machine": {"limits": "B"}}, "machine.limits"),
        ({"postgresql": {"version": "A"}}, {"postgresql": {"version": "B"}}, "postgresql.version"),
        ({"lock_file_sha256": "A"}, {"lock_file_sha256": "B"}, "lock_file_sha256"),
        ({"plan": {"budget_s": "A"}}, {"plan": {"budget_s": "B"}}, "plan.budget_s"),
        ({"plan": {"rates_rps": {"read": ["A"]}}}, {"plan": {"rates_rps": {"read": ["B"]}}}, "plan.rates_rps.read"),
        ({"packages": {"django": "A"}}, {"packages": {"django": "B"}}, "packages.django"),
        ({"python": "A"}, {"python": "B"}, "python"),
        ({"image": {"reference": "A"}}, {"image": {"reference": "B"}}, "image.reference"),
    ],
)
def test_a_difference_has_its_dotted_name_and_both_values(first, second, name):
    assert environment_differences(first, second) == (EnvironmentDifference(name, "A", "B"),)


@pytest.mark.parametrize(
    "environment",
    [
        {"revision": "A"},
        {"run_id": "A"},
        {"finished_at": "A"},
        {"planned_blocks": 300},
        {"phases": {"first requests": 2.1, "cold starts": 3.4}},
        {"machine": {"busy_cpus_before": 0.1}},
        {"machine": {"busy_programs_before": {"postgres": 0.3}}},
        {"image": {"container_start_ms": 130.0}},
        {"targets": {"aws_ecs/pool/direct": {"execution environments started": "7"}}},
    ],
)
def test_values_that_differ_between_any_two_runs_are_no_difference(environment):
    assert environment_differences(environment, {}) == ()
    assert environment_differences({}, environment) == ()


def test_a_value_of_only_one_run_is_absent_in_the_other():
    assert environment_differences({}, {"image": {"reference": "B"}, "pgbouncer": None}) == (
        EnvironmentDifference("image.reference", "absent", "B"),
        EnvironmentDifference("pgbouncer", "absent", "none"),
    )


def test_the_differences_that_explain_most_come_first():
    first = {"targets": {"a": {"log": "A"}}, "tls": "A", "plan": {"pairs": 1}, "python": "A", "machine": {"cpu": "A"}}
    second = {"targets": {"a": {"log": "B"}}, "tls": "B", "plan": {"pairs": 2}, "python": "B", "machine": {"cpu": "B"}}

    names = [each.name for each in environment_differences(first, second)]

    assert names == ["machine.cpu", "python", "plan.pairs", "tls", "targets.a.log"]


def test_equal_environments_do_not_differ():
    environment = {"machine": {"cpu": "A"}, "plan": {"load_shares": []}, "pgbouncer": None}

    assert environment_differences(environment, environment) == ()
