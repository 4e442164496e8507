"""Reading `webapp.toml`, and choosing from it with --stage and --target."""

import re
import tomllib
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import STACKS, DeployTarget
from django_runtimes.deploy.configuration import (
    Configuration,
    checked_project,
    choose_deployment,
    load_configuration,
    parse_configuration,
)
from django_runtimes.deploy.derived_names import DERIVED_NAMES
from django_runtimes.deploy.existing_resources import ExistingResources
from django_runtimes.deploy.own_settings import OwnSettings
from django_runtimes.deploy.stage_settings import StageSettings
from django_runtimes.deploy.templates.templates import read_template
from django_runtimes.deploy.verbs.init import render_toml

TEMPLATES = Path(__file__).parents[3] / "deploy"
SMALLEST = """
project = "guestbook"
region = "eu-central-1"
[stages.dev]
target = "aws_lambda"
"""


def parse(text: str) -> Configuration:
    return parse_configuration(tomllib.loads(text), Path("/project"))


def error_text(text: str) -> str:
    with pytest.raises(UsageError) as raised:
        parse(text)
    return str(raised.value)


def test_the_smallest_file_gets_defaults_for_the_rest():
    configuration = parse(SMALLEST)

    assert configuration.project == "guestbook"
    assert configuration.page == "/"
    assert configuration.smoke_timeout_s == 60.0
    assert configuration.stages == {
        "dev": StageSettings(
            DeployTarget.AWS_LAMBDA,
            production=False,
            account=None,
            parameters={},
            existing=ExistingResources("dev"),
            own=OwnSettings(),
        )
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMALLEST.replace("region", "regoin"), "webapp.toml has no key 'regoin'; did you mean 'region'?"),
        (
            SMALLEST.replace("guestbook", "Guest_Book"),
            "project 'Guest_Book' is not a valid name in AWS; use 2 to 21 lowercase letters, digits and single hyphens",
        ),
        (
            SMALLEST.replace("stages.dev", "stages.Pre_Prod"),
            "[stages.Pre_Prod] is not a valid name of a stage; use up to 20 lowercase letters and digits",
        ),
        (
            SMALLEST.replace("stages.dev", "stages.prd"),
            "[stages.prd] does not say whether it is production; add production = true",
        ),
        (f"{SMALLEST}production = 1", "[stages.dev] production = 1 is neither true nor false"),
        (
            f"{SMALLEST}account = 123456789012",
            "[stages.dev] account = 123456789012 is not an account; write its 12 digits in quotes",
        ),
        (f'account = "1234"\n{SMALLEST}', "account = '1234' is not an account; write its 12 digits in quotes"),
        (
            SMALLEST.replace("guestbook", "a" * 21).replace("stages.dev", "stages.homologation") + "production = false",
            f"'{'a' * 21}-homologation', the name of the load balancer, has 34 characters, and AWS allows 32; shorten "
            f"project '{'a' * 21}' or [stages.homologation] by 2",
        ),
        (
            SMALLEST.replace("aws_lambda", "heroku"),
            "[stages.dev] target 'heroku' is not a target; "
            "choose from aws_lambda, aws_app_runner, aws_ecs, aws_ecs_express",
        ),
        ('project = "guestbook"\nregion = "eu-central-1"', "webapp.toml has no stage; add one, such as [stages.dev]"),
        (f'page = "about"\n{SMALLEST}', "page 'about' is not a path; start it with a slash, as in /about/"),
        (f"smoke_timeout_s = 0\n{SMALLEST}", "smoke_timeout_s = 0 is not a number of seconds above 0 and up to 3600"),
        (SMALLEST.replace('region = "eu-central-1"', ""), "webapp.toml has no region; add it"),
    ],
)
def test_a_mistake_is_reported_in_one_line_with_the_remedy(text: str, expected: str):
    assert error_text(text).startswith(expected)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("guestbook", True),
        ("a1", True),
        ("a-b-3", True),
        ("a" * 21, True),
        ("a", False),
        ("a" * 22, False),
        # RDS and ECR refuse these names.
        ("a-", False),
        ("a--b", False),
        ("3a", False),
        ("a\n", False),
    ],
)
def test_a_projects_name_must_suit_every_template(name: str, is_one: bool):
    assert accepted(name) is is_one
    for stack in STACKS:
        declared = read_template(TEMPLATES, stack).parameters["Project"]
        fits = declared["MinLength"] <= len(name) <= declared["MaxLength"]
        assert (fits and re.fullmatch(declared["AllowedPattern"], name) is not None) is is_one


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("hml", True), ("q", True), ("eu2", True), ("a" * 20, True), ("a" * 21, False), ("2a", False), ("a-b", False)],
)
def test_a_stages_name_must_suit_every_template(name: str, is_one: bool):
    declared = f'[stages."{name}"]\ntarget = "aws_ecs"\nproduction = false\n'
    text = SMALLEST.partition("[stages")[0].replace("guestbook", "shop") + declared

    assert is_valid(text) is is_one
    for stack in STACKS:
        if stack.of_stage:
            rule = read_template(TEMPLATES, stack).parameters["Stage"]
            fits = len(name) <= rule["MaxLength"] and re.fullmatch(rule["AllowedPattern"], name) is not None
            assert fits is is_one


@pytest.mark.parametrize(
    ("stage", "line", "is_production"),
    [
        ("production", "", True),
        ("production", "production = false", False),
        ("hml", "", False),
        ("prd", "production = true", True),
        ("blue", "production = false", False),
    ],
)
def test_the_table_or_an_unmistakable_name_tells_production(stage: str, line: str, is_production: bool):
    configuration = parse(SMALLEST.replace("stages.dev", f"stages.{stage}") + line)

    assert configuration.stages[stage].production is is_production


def test_a_stages_account_beats_the_files_account():
    more = '[stages.qa]\ntarget = "aws_ecs"\naccount = "210987654321"\n'

    stages = parse(f'account = "123456789012"\n{SMALLEST}{more}').stages

    assert {name: stage.account for name, stage in stages.items()} == {"dev": "123456789012", "qa": "210987654321"}


def test_every_name_in_the_templates_is_checked_for_its_length():
    names = re.compile(r"^ +\w*(?:Name|Identifier|Family): !Sub '\$\{Project\}-\$\{Stage\}([^']*)'$", re.MULTILINE)

    found = {suffix for path in TEMPLATES.rglob("*.yaml") for suffix in names.findall(path.read_text())}

    assert found == {name.suffix for name in DERIVED_NAMES}


def accepted(name: str) -> bool:
    try:
        return checked_project(name) == name
    except UsageError:
        return False


def is_valid(text: str) -> bool:
    try:
        parse(text)
    except UsageError:
        return False
    return True


def test_the_remedy_for_a_missing_file_is_init(tmp_path: Path):
    with pytest.raises(UsageError, match="run `webapp deploy init`"):
        load_configuration(tmp_path)


def test_the_only_stage_needs_no_name():
    configuration = parse(SMALLEST.replace("stages.dev", "stages.production"))

    assert choose_deployment(configuration, None, None).stage == "production"


def test_among_several_stages_dev_is_the_default():
    configuration = parse(SMALLEST + '[stages.production]\ntarget = "aws_ecs"\n')

    assert choose_deployment(configuration, None, None).stage == "dev"
    assert choose_deployment(configuration, "production", None).target is DeployTarget.AWS_ECS


def test_a_target_on_the_command_line_beats_the_stages_target():
    assert choose_deployment(parse(SMALLEST), None, "aws_app_runner").target is DeployTarget.AWS_APP_RUNNER


def test_a_stage_that_the_file_lacks_is_refused():
    with pytest.raises(UsageError, match=r"add \[stages.production\] to it"):
        choose_deployment(parse(SMALLEST), "production", None)


@pytest.mark.parametrize("page", ['/"quoted"/', "/😀", "/back\\slash", "/tab\tline\n", "/\x7f\x00\x1b", "/é/"])
def test_the_file_from_init_reads_back_the_same(page: str):
    content = {
        "project": "guestbook",
        "region": "eu-central-1",
        "page": page,
        "stages": {
            "dev": {"target": "aws_lambda", "parameters": {"lambda": {"MemoryMb": 2048, "WarmUp": "yes"}}},
            "production": {"target": "aws_ecs"},
        },
    }

    assert tomllib.loads(render_toml(content)) == content
