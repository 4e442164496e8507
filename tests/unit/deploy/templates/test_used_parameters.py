"""The parameters that a template's resources and outputs use."""

from typing import Any

import pytest

from django_runtimes.deploy.templates.templates import Template
from django_runtimes.deploy.templates.used_parameters import used_parameters

pytestmark = pytest.mark.profile_free

CONDITIONS = {
    "OnOracle": {"Fn::Equals": [{"Ref": "System"}, "oracle"]},
    "HasProxy": {"Fn::Not": [{"Condition": "OnOracle"}]},
    "Unknown": {"Fn::Contains": [["a"], {"Ref": "Other"}]},
}


def used(system: str, *, outputs: dict[str, Any] | None = None, **resource: Any) -> set[str]:
    content = {
        "Parameters": {name: {"Type": "String"} for name in ("System", "Days", "Size", "Other")},
        "Conditions": CONDITIONS,
        "Resources": {"One": {"Type": "AWS::SNS::Topic", **resource}},
        "Outputs": outputs or {},
    }
    return set(used_parameters(Template("", content), {"System": system, "Days": "1", "Size": "2", "Other": "3"}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"!Ref": "Days"}, {"Days"}),
        ({"!Sub": "in ${Days} days, of ${One.Arn}"}, {"Days"}),
        ({"!Sub": ["${Days} of ${Part}", {"Part": {"!Ref": "Size"}}]}, {"Days", "Size"}),
        ({"!FindInMap": ["Map", {"!Ref": "Size"}, "Days"]}, {"Size"}),
        ("Days", set()),
        ({"!If": ["OnOracle", {"!Ref": "Days"}, [{"!Ref": "Size"}]]}, {"System", "Days"}),
        ({"!If": ["HasProxy", {"!Ref": "Days"}, [{"!Ref": "Size"}]]}, {"System", "Size"}),
        # Only CloudFormation evaluates the condition.
        ({"!If": ["Unknown", {"!Ref": "Days"}, {"!Ref": "Size"}]}, {"Other", "Days", "Size"}),
    ],
)
def test_the_parameters_of_a_value(value: Any, expected: set[str]):
    assert used("oracle", Properties={"TopicName": value}) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("OnOracle", {"System", "Days"}), ("HasProxy", {"System"}), ("Unknown", {"Other", "Days"})],
)
def test_a_resource_or_output_that_does_not_exist_uses_what_decides_that(condition: str, expected: set[str]):
    part = {"Condition": condition, "Value": {"Ref": "Days"}}

    assert used("oracle", **part) == expected
    assert used("oracle", outputs={"Two": part}) == expected
