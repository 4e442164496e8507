"""Importing Zappa's settings."""

from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.zappa import convert_settings, project_of


def test_settings_with_an_equivalent_are_imported():
    taken = convert_settings(
        {
            "dev": {
                "project_name": "My Guest Book",
                "aws_region": "eu-west-1",
                "touch_path": "/start/",
                "memory_size": 1024,
                "lambda_concurrency": 20,
                "keep_warm": False,
                "domain": "guestbook.example.com",
            }
        }
    )

    assert (taken.project, taken.region, taken.page) == ("my-guest-book", "eu-west-1", "/start/")
    assert taken.stages == {
        "dev": {"MemoryMb": 1024, "ReservedConcurrency": 20, "Hosts": "guestbook.example.com"},
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"memory_size": "big"}, "dev: memory_size = 'big' is not a whole number; correct it, or remove it"),
        ({"memory_size": True}, "dev: memory_size = True is not a whole number"),
        ({"lambda_concurrency": "x"}, "dev: lambda_concurrency = 'x' is not a whole number"),
        ({"timeout_seconds": [30]}, "dev: timeout_seconds = [30] is not a whole number"),
        ({"domain": ["a", "b"]}, "dev: domain = ['a', 'b'] is not a string; correct it, or remove it"),
        ({"aws_region": 5}, "aws_region = 5 is not a string"),
        ({"extends": ["base"]}, "dev: extends = ['base'] is not a stage of this file; it has dev"),
        ({"extends": "base"}, "dev: extends = 'base' is not a stage of this file; it has dev"),
    ],
)
def test_a_value_that_zappa_would_refuse_is_refused(settings: dict[str, Any], expected: str):
    with pytest.raises(UsageError) as raised:
        convert_settings({"dev": settings})

    assert str(raised.value).startswith(expected)


def test_null_is_treated_as_unset():
    settings = {"memory_size": None, "timeout_seconds": None, "lambda_concurrency": None, "domain": None}

    assert convert_settings({"dev": settings | {"project_name": None}}) == convert_settings({"dev": {}})


@pytest.mark.parametrize(
    ("name", "project"),
    [("My_App", "my-app"), ("shop2", "shop2"), ("2nd shop", "nd-shop"), ("-", None), ("a" * 30, "a" * 21)],
)
def test_a_name_is_adapted_to_aws(name: str, project: str | None):
    assert project_of(name) == project


def test_zappas_default_is_to_keep_functions_warm():
    assert convert_settings({"dev": {}}).stages == {"dev": {"WarmUp": "yes"}}


def test_stages_are_renamed_and_inherit_settings():
    taken = convert_settings({"base": {"memory_size": 2048, "keep_warm": False}, "prod": {"extends": "base"}})

    assert taken.stages == {"production": {"MemoryMb": 2048}}
    assert "base: is not a stage of the templates; skipped" in taken.remarks


def test_stages_that_extend_each_other_cause_no_endless_loop():
    assert convert_settings({"dev": {"extends": "prod"}, "prod": {"extends": "dev"}}).stages.keys() == {
        "dev",
        "production",
    }


def test_settings_without_an_equivalent_are_listed_with_advice():
    taken = convert_settings(
        {"dev": {"s3_bucket": "b", "slim_handler": True, "something_new": 1, "timeout_seconds": 300}}
    )

    assert taken.remarks == [
        "dev: s3_bucket: not needed: an image replaces the archive",
        "dev: slim_handler: not needed: an image replaces the archive",
        "dev: something_new: has no equivalent",
        "dev: timeout_seconds: a request has 29 s here, since the HTTP API ends it at 30",
    ]


def test_variables_are_named_without_their_values():
    (remark,) = convert_settings({"dev": {"environment_variables": {"TOKEN": "hunter2"}}}).remarks

    assert "TOKEN" in remark
    assert "hunter2" not in remark


def test_a_value_that_the_template_does_not_allow_gives_a_remark():
    taken = convert_settings({"dev": {"memory_size": 128, "lambda_concurrency": 200}})

    assert taken.stages["dev"]["MemoryMb"] == 512
    assert any("MaxConnections" in remark for remark in taken.remarks)


def test_a_stage_named_dev_beats_a_stage_renamed_to_dev():
    taken = convert_settings({name: {"domain": f"{name}.example"} for name in ("qa", "develop", "Staging", "dev")})

    assert {stage: parameters["Hosts"] for stage, parameters in taken.stages.items()} == {
        "staging": "Staging.example",
        "dev": "dev.example",
    }
    assert [remark for remark in taken.remarks if "skipped" in remark] == [
        "qa: would be a second staging; skipped",
        "develop: would be a second dev; skipped",
    ]


def test_the_first_stage_becomes_dev_if_none_is_known():
    base = {"project_name": "door", "aws_region": "us-west-2", "keep_warm": False}

    taken = convert_settings(
        {"base": base, "api": {"extends": "base", "memory_size": 1024}, "worker": {"extends": "base"}}
    )

    assert (taken.project, taken.region, taken.stages) == ("door", "us-west-2", {"dev": {"MemoryMb": 1024}})
    assert taken.remarks == [
        "base: is not a stage of the templates; skipped",
        "api: becomes the stage dev; the templates have dev, staging, production",
        "worker: is not a stage of the templates; skipped",
    ]
