"""Importing Zappa's settings."""

import re
from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.zappa.converted_settings import convert_settings, project_of


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
        "dev": {
            "parameters": {"lambda": {"MemoryMb": 1024, "ReservedConcurrency": 20, "Hosts": "guestbook.example.com"}}
        },
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"memory_size": "big"}, "dev: memory_size = 'big' is not a whole number; correct it, or remove it"),
        ({"memory_size": True}, "dev: memory_size = True is not a whole number"),
        ({"lambda_concurrency": "x"}, "dev: lambda_concurrency = 'x' is not a whole number"),
        ({"timeout_seconds": [30]}, "dev: timeout_seconds = [30] is not a whole number"),
        ({"domain": ["a", "b"]}, "dev: domain = ['a', 'b'] is not a string; correct it, or remove it"),
        ({"django_settings": ["a"]}, "dev: django_settings = ['a'] is not a string; correct it, or remove it"),
        ({"aws_region": 5}, "dev: aws_region = 5 is not a string"),
        ({"architecture": "mips"}, "dev: architecture = 'mips' is neither x86_64 nor arm64; correct it, or remove it"),
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


def function_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the stack lambda that a stage with these settings gets."""
    parameters: dict[str, Any] = convert_settings({"dev": settings}).stages["dev"].get("parameters", {})
    of_function: dict[str, Any] = parameters.get("lambda", {})
    return of_function


def test_zappas_default_is_to_keep_functions_warm():
    assert function_of({}) == {"WarmUp": "yes"}


@pytest.mark.parametrize(
    ("settings", "front"),
    [
        ({"function_url_enabled": True, "apigateway_enabled": False}, "function_url"),
        ({"function_url_enabled": True, "use_apigateway": False}, "function_url"),
        ({"function_url_enabled": True}, None),
        ({"apigateway_enabled": False}, None),
    ],
)
def test_a_function_url_alone_stays_the_front(settings: dict[str, Any], front: str | None):
    remarks = convert_settings({"dev": settings}).remarks

    assert function_of(settings).get("FrontDoor") == front
    assert any("HTTP API" in remark for remark in remarks) is (front is None)


def test_a_stage_keeps_its_architecture():
    taken = convert_settings({"dev": {"architecture": ["arm64"], "keep_warm": False}})

    assert taken.stages == {"dev": {"parameters": {"Architecture": "arm64"}}}


def test_each_stage_keeps_its_settings_module():
    taken = convert_settings(
        {
            "qa": {"django_settings": "forum.settings.qa"},
            "prd": {"extends": "qa", "django_settings": "forum.settings.prd"},
            "live": {"extends": "prd"},
        }
    )

    assert {name: table["environment"] for name, table in taken.stages.items()} == {
        "qa": {"DJANGO_SETTINGS_MODULE": "forum.settings.qa"},
        "prd": {"DJANGO_SETTINGS_MODULE": "forum.settings.prd"},
        "live": {"DJANGO_SETTINGS_MODULE": "forum.settings.prd"},
    }


@pytest.mark.parametrize(
    ("path", "page"), [("healthz", "/healthz"), ("/healthz", "/healthz"), ("", None), ("/", "/"), (None, None)]
)
def test_the_page_to_test_begins_with_a_slash(path: str | None, page: str | None):
    assert convert_settings({"dev": {"touch_path": path}}).page == page


def test_settings_without_an_equivalent_are_listed_with_advice():
    taken = convert_settings(
        {
            "dev": {
                "s3_bucket": "b",
                "slim_handler": True,
                "something_new": 1,
                "timeout_seconds": 300,
                "vpc_config": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
                "callbacks": {"post": "shop.done"},
            }
        }
    )

    assert taken.remarks == [
        "dev: s3_bucket: not needed: an image replaces the archive",
        "dev: slim_handler: not needed: an image replaces the archive",
        "dev: something_new: has no equivalent",
        "dev: timeout_seconds = 300: a request has 29 s; the HTTP API ends it at 30",
        "dev: callbacks (post): run these functions before or after `webapp deploy`, in the script or pipeline that "
        "calls it",
        "dev: vpc_config: AWS did not say which VPC its subnets are in, so the stage gets a VPC of its own; to use "
        'theirs instead, write before the first deploy [stages.dev.network] with private_subnets = ["subnet-1", '
        '"subnet-2"] and vpc, which `aws ec2 describe-subnets --subnet-ids subnet-1 --query Subnets[0].VpcId` prints; '
        "sg-1 are not used: the templates create security groups",
    ]


def test_equal_remarks_on_several_stages_are_one_line():
    base = {"s3_bucket": "b", "environment_variables": {"API_KEY": "hunter2"}}

    taken = convert_settings(
        {
            "dev": {},
            "qa_1": {"extends": "base", "tags": {"team": "a"}},
            "staging": {"extends": "base", "timeout_seconds": 30},
            "base": base,
        }
    )

    assert [remark for remark in taken.remarks if remark.partition(":")[0] in {"qa_1, staging", "staging"}] == [
        "qa_1, staging: s3_bucket: not needed: an image replaces the archive",
        "qa_1, staging: environment_variables: API_KEY looks like a secret: run `webapp secrets set API_KEY --stage "
        "STAGE`, which adds it to [stages.STAGE.secrets]",
        "staging: timeout_seconds = 30: a request has 29 s; the HTTP API ends it at 30",
    ]


# Every setting that Zappa's README and command line know (0.63).
ZAPPA_SETTINGS = re.findall(
    r"\w+",
    """
    additional_text_mimetypes alb_enabled alb_vpc_config api_key api_key_required api_stage apigateway_description
    apigateway_enabled apigateway_policy apigateway_version app_function app_module app_type architecture
    assume_policy async_resources async_response_table async_response_table_read_capacity
    async_response_table_write_capacity async_source attach_policy authorizer aws_endpoint_urls
    aws_environment_variables aws_kms_key_arn aws_region base_path binary_support bot_events cache_cluster_enabled
    cache_cluster_encrypted cache_cluster_size cache_cluster_ttl callbacks certificate certificate_arn
    certificate_chain certificate_key cloudwatch_data_trace cloudwatch_log_level cloudwatch_metrics_enabled cognito
    context_header_mappings cors dead_letter_arn debug delete_local_zip delete_s3_zip delete_zip django_settings
    docker_image_uri domain efs_config endpoint_configuration environment_variables ephemeral_storage events
    exception_handler exclude exclude_glob extends extra_permissions function_url_cloudfront_config
    function_url_config function_url_domains function_url_enabled iam_authorization include keep_warm
    keep_warm_expression lambda_concurrency lambda_description lambda_handler layers lets_encrypt_key log_level
    manage_roles memory_size num_retained_versions payload_compression payload_minimum_compression_size
    prebuild_script profile_name project_name remote_env remote_env_bucket remote_env_file role_arn role_name
    route53_enabled runtime s3_bucket settings_file slim_handler snap_start tags timeout_seconds touch touch_path
    use_apigateway use_precompiled_packages vpc_config websocket_handler_module xray_tracing
    """,
)
VALUES: dict[str, Any] = {
    "apigateway_enabled": False,
    "architecture": "arm64",
    "aws_environment_variables": {"ONE": "1"},
    "aws_region": "eu-west-1",
    "django_settings": "shop.settings",
    "domain": "shop.example.com",
    "environment_variables": {"TWO": "2"},
    "events": [{"function": "shop.clean", "expression": "rate(1 day)"}],
    "extends": "base",
    "lambda_concurrency": 40,
    "memory_size": 1024,
    "project_name": "shop",
    "timeout_seconds": 30,
    "touch_path": "/start",
    "use_apigateway": False,
}


@pytest.mark.parametrize("setting", ZAPPA_SETTINGS)
def test_every_setting_is_converted_or_listed_with_its_replacement(setting: str):
    without = convert_settings({"base": {}, "dev": {"extends": "base"}})
    taken = convert_settings({"base": {}, "dev": {"extends": "base", setting: VALUES.get(setting, "any")}})

    listed = [remark for remark in taken.remarks if remark.startswith(f"dev: {setting}")]
    converted = (taken.project, taken.region, taken.page, taken.stages) != (
        without.project,
        without.region,
        without.page,
        without.stages,
    )
    # These two change nothing else: the inherited settings are in the stage, and Zappa's default is the template's.
    assert converted or listed or setting in {"extends", "keep_warm"}
    assert not any("has no equivalent" in remark for remark in listed)


def test_a_value_that_the_template_does_not_allow_gives_a_remark():
    settings = {"memory_size": 128, "lambda_concurrency": 200}

    assert function_of(settings)["MemoryMb"] == 512
    assert function_of({"memory_size": 20_480})["MemoryMb"] == 10_240
    assert any("MaxConnections" in remark for remark in convert_settings({"dev": settings}).remarks)


def test_a_setting_of_the_whole_file_that_differs_is_listed():
    taken = convert_settings(
        {
            "dev": {"aws_region": "eu-west-1", "project_name": "shop", "touch_path": "/a"},
            "us": {"aws_region": "eu-west-1", "project_name": "shop-us", "touch_path": "/b"},
        }
    )

    assert (taken.project, taken.region, taken.page) == ("shop", "eu-west-1", "/a")
    listed = [remark.partition(" differs")[0] for remark in taken.remarks if "differs" in remark]
    assert listed == ["us: project_name = 'shop-us'", "us: touch_path = '/b'"]


def test_a_stage_in_another_region_is_left_out_and_listed():
    taken = convert_settings({"dev": {}, "qa": {"aws_region": "eu-west-1"}, "test": {"aws_region": "us-west-2"}})

    assert (taken.region, list(taken.stages)) == ("eu-west-1", ["dev", "qa"])
    assert taken.remarks[:1] == [
        "test: is left out, since its aws_region = 'us-west-2' differs from the first stage's, and webapp.toml has "
        "one region; run `webapp init --deploy --stage test` in another copy of the project"
    ]


def test_a_stage_that_was_left_out_can_be_chosen():
    settings = {"base": {"project_name": "shop"}, "dev": {"extends": "base"}, "us": {"aws_region": "us-west-2"}}

    of_us, of_base = (convert_settings(settings, chosen=name) for name in ("us", "base"))

    assert (of_us.region, of_us.project, list(of_us.stages)) == ("us-west-2", None, ["us"])
    assert (of_base.project, list(of_base.stages)) == ("shop", ["base"])
    assert not any("left out" in remark or remark.startswith("dev") for remark in of_us.remarks + of_base.remarks)


def test_a_stage_of_another_spelling_is_chosen_by_either_name():
    chosen = [convert_settings({"pre-prod": {}, "dev": {}}, chosen=name) for name in ("pre-prod", "preprod")]

    assert [list(each.stages) for each in chosen] == [["preprod"], ["preprod"]]


def test_an_unknown_stage_cannot_be_chosen():
    with pytest.raises(UsageError, match="--stage uat is not a stage of Zappa's settings; choose from base, dev"):
        convert_settings({"base": {}, "dev": {"extends": "base"}}, chosen="uat")


def test_functions_that_lose_the_internet_are_listed():
    advice = (
        "vpc_config: the stage gets a VPC, from which the functions reach the database, S3 and DynamoDB, but unlike "
        'Zappa\'s not the internet; if they call other services, set Egress = "nat" or Route = "data_api" in '
        "[stages.{}.parameters] (webapp docs deploy)"
    )

    assert convert_settings({"dev": {}}).remarks == [f"dev: {advice.format('dev')}"]
    assert convert_settings({"dev": {}, "qa": {"vpc_config": {}}}).remarks == [f"dev, qa: {advice.format('STAGE')}"]


def test_subnets_become_the_network_of_the_stage():
    asked = []
    settings = {
        "aws_region": "eu-west-1",
        "vpc_config": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
    }

    taken = convert_settings({"dev": settings}, find_vpc=lambda *of: asked.append(of) or "vpc-1")

    assert taken.stages["dev"]["network"] == {"vpc": "vpc-1", "private_subnets": ["subnet-1", "subnet-2"]}
    assert asked == [("eu-west-1", ["subnet-1", "subnet-2"])]
    assert (
        "dev: vpc_config: the stage runs in vpc-1; set Egress in [stages.dev.parameters] to the way out of its "
        'subnets, such as "nat" (webapp docs deploy); sg-1 are not used: the templates create security groups'
    ) in taken.remarks


def test_a_long_project_name_leaves_room_for_the_stages():
    taken = convert_settings({"homologation": {"project_name": "a" * 30, "keep_warm": False}})

    assert taken.project == "a" * 19
