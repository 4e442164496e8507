"""Variables in Zappa's settings become the stage's own, except those that look like secrets."""

import pytest

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
        ("AWS_STORAGE_REGION", "names that begin with AWS_ belong to AWS's platforms and tools"),
        ("1ST", "is not a name that Lambda accepts"),
        ("PATH", "PATH"),
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
