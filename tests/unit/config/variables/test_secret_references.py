"""References to secrets are ARNs of Secrets Manager, with or without a key, or names in Parameter Store."""

import pytest

from django_runtimes.config.variables.secret_references import (
    SecretReference,
    parse_secret_reference,
    parse_secret_references,
)
from django_runtimes.config.variables.variable import RuleError

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:guestbook/dev/API_KEY-a1B2c3"


@pytest.mark.parametrize(
    ("text", "expected", "written"),
    [
        (ARN, SecretReference(arn=ARN), ARN),
        (f"{ARN}:password::", SecretReference(arn=ARN, json_key="password"), f"{ARN}:password::"),
        (f"{ARN}:password", SecretReference(arn=ARN, json_key="password"), f"{ARN}:password::"),
        ("/guestbook/dev/DSN", SecretReference(parameter="/guestbook/dev/DSN"), "/guestbook/dev/DSN"),
        ("DSN", SecretReference(parameter="DSN"), "DSN"),
    ],
)
def test_a_reference_is_read_and_written(text: str, expected: SecretReference, written: str):
    reference = parse_secret_reference(text)

    assert reference == expected
    assert str(reference) == written


def test_an_arn_names_its_region_and_account():
    reference = parse_secret_reference(ARN)

    assert (reference.region, reference.account) == ("eu-central-1", "123456789012")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ARN.removesuffix("-a1B2c3"),
        f"{ARN}:password:AWSPREVIOUS:",
        f"{ARN}:password::1",
        ARN.replace("secretsmanager", "s3"),
        "arn:aws:ssm:eu-central-1:123456789012:parameter/guestbook/dev/DSN",
        "/aws/reference/secretsmanager/x",
        "/guestbook//dsn",
        "two words",
        "{{resolve:ssm:/guestbook/dsn}}",
    ],
)
def test_other_texts_are_refused(text: str):
    with pytest.raises(RuleError):
        parse_secret_reference(text)


def test_the_variable_holds_references_by_name():
    assert parse_secret_references(f'{{"API_KEY": "{ARN}", "DSN": "/dsn"}}') == {
        "API_KEY": SecretReference(arn=ARN),
        "DSN": SecretReference(parameter="/dsn"),
    }


@pytest.mark.parametrize("text", ["API_KEY", "[]", '{"API_KEY": 1}', '{"API_KEY": "two words"}'])
def test_other_contents_of_the_variable_are_refused(text: str):
    with pytest.raises(RuleError):
        parse_secret_references(text)
