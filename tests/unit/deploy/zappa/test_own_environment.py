"""Variables in Zappa's settings become the stage's own, except those that look like secrets."""

import re

import pytest

from django_runtimes.deploy.catalogue import PROCESS_STACKS, STACKS
from django_runtimes.deploy.own_settings import refuse_reserved
from django_runtimes.deploy.templates.reserved_names import refuse_set_by_templates
from django_runtimes.deploy.templates.template_source import library_templates
from django_runtimes.deploy.templates.templates import read_template
from django_runtimes.deploy.zappa.own_environment import convert_variables


def convert(**variables: object) -> tuple[dict[str, str], list[str]]:
    return convert_variables({"environment_variables": variables}, "dev", "eu-west-1")


def test_both_tables_are_converted_and_named():
    variables, remarks = convert_variables(
        {"environment_variables": {"PAGE_SIZE": 20, "BETA": True}, "aws_environment_variables": {"MAIL_HOST": "mx"}},
        "dev",
        "eu-west-1",
    )

    assert variables == {"PAGE_SIZE": "20", "BETA": "True", "MAIL_HOST": "mx"}
    assert remarks == [
        "variables in [stages.dev.environment]: PAGE_SIZE, BETA, MAIL_HOST; if one is secret, remove it there and "
        "run `webapp secrets set`"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_SECRET", "hunter2"),
        ("API_KEY", "hunter2"),
        ("GITHUB_TOKEN", "hunter2"),
        ("mail_password", "hunter2"),
        ("SENTRY_DSN", "hunter2"),
        ("CACHE_URL", "redis://user:hunter2@cache.example.com"),
        ("CACHE_URL", "redis://:hunter2@cache.example.com"),
        ("PEM", "-----BEGIN PRIVATE KEY-----hunter2"),
    ],
)
def test_a_variable_that_looks_like_a_secret_is_only_named(name: str, value: str):
    variables, (remark,) = convert(**{name: value})

    assert variables == {}
    assert f"{name} looks like a secret: run `webapp secrets set {name} --stage dev`" in remark
    assert "hunter2" not in remark


@pytest.mark.parametrize("name", ["KEYBOARD", "MONKEY_HOUSE", "AUTHOR", "TURKEY"])
def test_a_name_that_only_contains_such_letters_is_no_secret(name: str):
    assert convert(**{name: "x"})[0] == {name: "x"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AWS_CONTAINER_X", "names that begin with AWS_CONTAINER_ belong to AWS's platforms"),
        ("1ST", "is not a name that Lambda accepts"),
        ("PATH", "PATH"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY is reserved by AWS Lambda, where no function can set it"),
        ("WEBAPP_DB_SECRET_ARN", "WEBAPP_DB_SECRET_ARN is set by the templates; set Credentials in"),
        ("WEBAPP_SECRET_KEY", "WEBAPP_SECRET_KEY is set by the templates; remove it"),
        ("WEBAPP_API_TOKEN", "WEBAPP_API_TOKEN: the library has no such variable"),
    ],
)
def test_a_name_that_no_stage_may_set_is_listed(name: str, expected: str):
    variables, (remark,) = convert(**{name: "x"})

    assert variables == {}
    assert expected in remark


def test_a_variable_without_a_value_is_listed():
    assert convert(EMPTY=None) == (
        {},
        ["environment_variables: EMPTY has no value; add it to [stages.dev.environment] if it needs one"],
    )


def test_another_value_than_a_table_is_listed():
    assert convert_variables({"environment_variables": "A=1"}, "dev", "eu-west-1") == (
        {},
        ["environment_variables is not a table of names and values; correct it"],
    )


def test_the_settings_module_becomes_a_variable_of_the_stage():
    assert convert_variables({"django_settings": "forum.settings.qa"}, "qa", "eu-west-1") == (
        {"DJANGO_SETTINGS_MODULE": "forum.settings.qa"},
        [],
    )


def test_a_variable_takes_precedence_over_the_settings_module():
    variables, remarks = convert_variables(
        {
            "django_settings": "forum.settings.qa",
            "environment_variables": {"DJANGO_SETTINGS_MODULE": "forum.settings.live"},
        },
        "qa",
        "eu-west-1",
    )

    assert variables == {"DJANGO_SETTINGS_MODULE": "forum.settings.live"}
    assert remarks[-1] == (
        "django_settings = 'forum.settings.qa' is not used, since a variable sets DJANGO_SETTINGS_MODULE = "
        "'forum.settings.live'; correct it in [stages.qa.environment] if the other one is right"
    )


def test_a_settings_module_that_cloudformation_does_not_accept_is_listed():
    variables, (remark,) = convert_variables({"django_settings": "forum\x07"}, "qa", "eu-west-1")

    assert variables == {}
    assert remark.startswith("django_settings: [stages.qa.environment] DJANGO_SETTINGS_MODULE contains the character")


def test_every_secret_that_is_advised_can_be_stored():
    names = [
        *("API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DATABASE_URL", "DB_PASSWORD", "GUNICORN_CMD_ARGS"),
        *("LAMBDA_TASK_ROOT", "PATH", "PGOPTIONS", "WEBAPP_API_TOKEN", "WEBAPP_DB_PASSWORD", "WEBAPP_MEASUREMENT_KEY"),
        *("WEBAPP_SECRET_KEY", "WEBAPP_SECRET_KEY_FALLBACKS", "_TOKEN"),
    ]
    templates = [read_template(library_templates(), stack) for stack in STACKS if stack.name in PROCESS_STACKS]

    _, remarks = convert(**dict.fromkeys(names, "postgresql://shop:hunter2@db.example.com/shop"))
    advised = re.findall(r"`webapp secrets set (\w+)", "\n".join(remarks))

    assert advised == ["API_KEY", "DB_PASSWORD", "WEBAPP_DB_PASSWORD", "WEBAPP_SECRET_KEY_FALLBACKS"]
    for name in advised:
        refuse_reserved(name, "[stages.dev.secrets]")
    refuse_set_by_templates(templates, advised, place="[stages.dev.secrets]", stage="dev")
    assert "hunter2" not in str(remarks)


def test_the_database_of_the_variables_has_one_remark():
    variables, remarks = convert(
        DATABASE_URL="postgresql://shop:hunter2@db.example.com/shop", DB_HOST="db.example.com", DB_PASSWORD="hunter2"
    )

    assert variables == {"DB_HOST": "db.example.com"}
    assert remarks == [
        "environment_variables: DB_PASSWORD looks like a secret: run `webapp secrets set DB_PASSWORD --stage dev`, "
        "which adds it to [stages.dev.secrets]",
        "variables in [stages.dev.environment]: DB_HOST; if one is secret, remove it there and run `webapp secrets "
        "set`",
        "DATABASE_URL, DB_HOST, DB_PASSWORD: the stage does not use this database: `webapp deploy` creates an empty "
        "one, unless [stages.dev.database] names an existing one or a snapshot; `webapp docs deploy` describes both, "
        "and how to move data",
    ]
