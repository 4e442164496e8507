"""The stages in Zappa's settings."""

from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.stage_settings import read_stage
from django_runtimes.deploy.zappa.stage_tables import find_stages


def names(settings: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {stage.zappa_name: stage.name for stage in find_stages(settings)[0]}


def test_stages_keep_their_names():
    assert names({name: {} for name in ("dev", "qa", "hml", "prd", "api")}) == {
        "dev": "dev",
        "qa": "qa",
        "hml": "hml",
        "prd": "prd",
        "api": "api",
    }


def test_a_name_that_aws_does_not_accept_is_changed_with_a_remark():
    settings: dict[str, dict[str, Any]] = {name: {} for name in ("Pre_Prod", "pre-prod", "2nd", "___", "x" * 30)}
    stages, remarks = find_stages(settings)

    assert [stage.name for stage in stages] == ["preprod", "preprod2", "nd", "stage", "x" * 20]
    for stage in stages:
        assert read_stage(stage.name, {"target": "aws_lambda", "production": True}, account=None, region="eu-west-1")
        assert any(remark.startswith(f"{stage.zappa_name}: becomes the stage {stage.name}") for remark in remarks)


def test_a_parent_is_no_stage_unless_its_name_is_one():
    stages, remarks = find_stages(
        {"base": {"memory_size": 1024}, "dev": {"extends": "base"}, "prd": {"extends": "dev", "memory_size": 2048}}
    )

    assert {stage.name: stage.settings["memory_size"] for stage in stages} == {"dev": 1024, "prd": 2048}
    assert remarks == [
        "base: its settings are in dev, which extend it; add a stage to deploy it too, "
        "or choose it alone with `webapp init --stage base`"
    ]


@pytest.mark.parametrize("address", [{"domain": "www.example.com"}, {"certificate_arn": "arn:aws:acm:us-east-1:1:x"}])
def test_a_parent_with_an_address_of_its_own_is_a_stage(address: dict[str, str]):
    assert names({"eu": {"memory_size": 1024, **address}, "us": {"extends": "eu"}}) == {"eu": "eu", "us": "us"}


def test_chains_are_followed_and_the_nearest_value_counts():
    settings = {"a": {"x": 1, "y": 1, "z": 1}, "b": {"extends": "a", "x": 2, "y": None}, "qa": {"extends": "b"}}

    ((stage,), _) = find_stages(settings)

    # A null value unsets what the parent sets, as in Zappa.
    assert stage.settings == {"x": 2, "z": 1, "extends": "b"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"dev": {"extends": "prod"}, "prod": {"extends": "dev"}},
            "prod: extends = 'dev' closes the circle dev > prod > dev; remove one of them",
        ),
        ({"dev": {"extends": "dev"}}, "dev: extends = 'dev' closes the circle dev > dev; remove one of them"),
        ({"dev": {"extends": "base"}}, "dev: extends = 'base' is not a stage of this file; it has dev"),
    ],
)
def test_a_wrong_parent_is_refused(settings: dict[str, dict[str, Any]], expected: str):
    with pytest.raises(UsageError) as raised:
        find_stages(settings)

    assert expected in str(raised.value)


def test_no_parent_is_null_or_empty():
    assert names({"dev": {"extends": None}, "qa": {"extends": ""}}) == {"dev": "dev", "qa": "qa"}


def test_a_stage_of_an_unknown_name_is_protected_and_listed():
    assert find_stages({"blue": {}})[1] == [
        "blue: is protected as production, with a standby; write production = false in [stages.blue] if its data may "
        "be lost"
    ]
    assert find_stages({"prd": {}, "dev": {}})[1] == []
