"""A stage's own variables and secrets in webapp.toml, and the names and values that AWS cannot hold."""

import tomllib
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.variables.secret_references import SecretReference
from django_runtimes.deploy.configuration import parse_configuration
from django_runtimes.deploy.own_settings import OwnSettings

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:guestbook/dev/API_KEY-a1B2c3"


def own(text: str) -> OwnSettings:
    head = 'project = "guestbook"\nregion = "eu-central-1"\n[stages.dev]\ntarget = "aws_lambda"\n'
    return parse_configuration(tomllib.loads(head + text), Path("/project")).stages["dev"].own


def error_text(text: str) -> str:
    with pytest.raises(UsageError) as raised:
        own(text)
    return str(raised.value)


def test_a_stage_has_no_variables_of_its_own_by_default():
    assert own("") == OwnSettings()
    assert own("").names == ()


def test_variables_and_secrets_are_read():
    found = own(
        f'[stages.dev.environment]\nSITE_NAME = "Ünï ${{x}} \'\\"\\\\ 🎉\\n2"\nEMPTY = ""\nWEBAPP_LOG_LEVEL = "debug"\n'
        f'DJANGO_SETTINGS_MODULE = "config.settings.dev"\n[stages.dev.secrets]\nAPI_KEY = "{ARN}"\nDSN = "/dsn"\n'
        'WEBAPP_SECRET_KEY_FALLBACKS = "/old-keys"\n'
    )

    assert found.environment == {
        "SITE_NAME": "Ünï ${x} '\"\\ 🎉\n2",
        "EMPTY": "",
        "WEBAPP_LOG_LEVEL": "debug",
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
    }
    assert found.secrets == {
        "API_KEY": SecretReference(arn=ARN),
        "DSN": SecretReference(parameter="/dsn"),
        "WEBAPP_SECRET_KEY_FALLBACKS": SecretReference(parameter="/old-keys"),
    }


def test_names_of_django_storages_that_begin_with_aws_are_accepted():
    found = own(
        '[stages.dev.environment]\nAWS_STORAGE_BUCKET_NAME = "shop-files"\n'
        '[stages.dev.secrets]\nAWS_CLOUDFRONT_KEY = "/cloudfront"\n'
    )

    assert found.names == ("AWS_STORAGE_BUCKET_NAME", "AWS_CLOUDFRONT_KEY")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("PORTS = 3", "[stages.dev.environment] PORTS = 3 is not a string; write it in quotes"),
        ("BETA = true", "[stages.dev.environment] BETA = true is not a string; write it in quotes"),
        ('HOSTS = ["a"]', "[stages.dev.environment] HOSTS = ['a'] is not a string; write it in quotes"),
        (
            'AWS_CONTAINER_CREDENTIALS_FULL_URI = "b"',
            "[stages.dev.environment] AWS_CONTAINER_CREDENTIALS_FULL_URI: names that begin with AWS_CONTAINER_ belong "
            "to AWS's platforms; let the settings read the value from a variable with another name",
        ),
        ('AWSAPPRUNNER_X = "b"', "[stages.dev.environment] AWSAPPRUNNER_X: names that begin with AWSAPPRUNNER belong"),
        ('ECS_CONTAINER_METADATA_URI_V4 = "b"', "[stages.dev.environment] ECS_CONTAINER_METADATA_URI_V4: names that"),
        ('AWS_REGION = "b"', "[stages.dev.environment] AWS_REGION is reserved by AWS Lambda, where no function can"),
        ('AWS_LAMBDA_X = "b"', "[stages.dev.environment] AWS_LAMBDA_X is reserved by AWS Lambda, where no function"),
        ('DATABASE_URL = "x"', "[stages.dev.environment] DATABASE_URL is set by the tools themselves; remove it"),
        ('_HANDLER = "x"', "[stages.dev.environment] '_HANDLER' is not a name that Lambda accepts"),
        ('"A-B" = "x"', "[stages.dev.environment] 'A-B' is not a name that Lambda accepts"),
        ('X = "x"', "[stages.dev.environment] 'X' is not a name that Lambda accepts; use two or more letters"),
        ('WEBAPP_LOGLEVEL = "x"', "[stages.dev.environment] WEBAPP_LOGLEVEL: the library has no such variable"),
        ('WEBAPP_LOG_LEVEL = "loud"', "[stages.dev.environment] WEBAPP_LOG_LEVEL='loud' is not a log level; choose"),
        (
            'WEBAPP_DB_PASSWORD = "hunter2"',
            "[stages.dev.environment] WEBAPP_DB_PASSWORD is a secret; run `webapp secrets set WEBAPP_DB_PASSWORD "
            "--stage dev`, and remove it here",
        ),
        ('BELL = "\\u0007"', "[stages.dev.environment] BELL contains the character '\\x07'"),
        (
            'TOKEN = "a{{resolve:secretsmanager:x}}"',
            "[stages.dev.environment] TOKEN contains '{{resolve:', which CloudFormation would replace, in the open; "
            "write the secret's ARN or the parameter's name in [stages.dev.secrets]",
        ),
    ],
)
def test_a_variable_that_aws_cannot_hold_is_refused(line: str, expected: str):
    message = error_text(f"[stages.dev.environment]\n{line}\n")

    assert message.startswith(expected)
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("API_KEY = 3", "[stages.dev.secrets] API_KEY = 3 is not a string; write an ARN or a name in quotes"),
        ('AWS_SESSION_TOKEN = "/token"', "[stages.dev.secrets] AWS_SESSION_TOKEN is reserved by AWS Lambda, where no"),
        ('API_KEY = "hunter 2"', "[stages.dev.secrets] API_KEY: the value is neither a secret's ARN nor a parameter's"),
        (
            f'API_KEY = "{ARN.removesuffix("-a1B2c3")}"',
            "[stages.dev.secrets] API_KEY: the value is not a complete ARN of a secret in Secrets Manager; write",
        ),
        (
            f'API_KEY = "{ARN.replace("eu-central-1", "us-east-1")}"',
            "[stages.dev.secrets] API_KEY is a secret in us-east-1, but the stage is in eu-central-1; "
            "`webapp secrets set API_KEY` stores one there",
        ),
    ],
)
def test_a_reference_that_no_process_could_read_is_refused(line: str, expected: str):
    message = error_text(f"[stages.dev.secrets]\n{line}\n")

    assert message.startswith(expected)
    assert "hunter" not in message


def test_another_engine_than_postgresql_is_refused():
    assert error_text('[stages.dev.environment]\nWEBAPP_DB_ENGINE = "mysql"\n') == (
        "[stages.dev.environment] WEBAPP_DB_ENGINE = 'mysql': DatabaseSystem of the stage sets it; remove it here, and "
        "write DatabaseSystem = 'mariadb' or 'mysql' in [stages.dev.parameters] (`webapp docs mysql`)"
    )
    assert error_text('[stages.dev.environment]\nWEBAPP_DB_ENGINE = "oracle"\n') == (
        "[stages.dev.environment] WEBAPP_DB_ENGINE = 'oracle': DatabaseSystem of the stage sets it; remove it here, "
        "and write DatabaseSystem = 'oracle-se2' in [stages.dev.parameters] (`webapp docs oracle-sql-server`)"
    )
    assert "write DatabaseSystem = 'sqlserver-web' or 'sqlserver-se' in" in error_text(
        '[stages.dev.environment]\nWEBAPP_DB_ENGINE = "mssql"\n'
    )
    assert error_text('[stages.dev.environment]\nWEBAPP_DB_ENGINE = "dsql"\n') == (
        "[stages.dev.environment] WEBAPP_DB_ENGINE = 'dsql': no template has this database; remove it here, and "
        "deploy the application with templates of your own"
    )
    assert own('[stages.dev.environment]\nWEBAPP_DB_ENGINE = "postgresql"\n').names == ("WEBAPP_DB_ENGINE",)


def test_a_name_in_both_tables_is_refused():
    assert error_text(f'[stages.dev.environment]\nAPI_KEY = ""\n[stages.dev.secrets]\nAPI_KEY = "{ARN}"\n') == (
        "API_KEY is in [stages.dev.environment] and in [stages.dev.secrets]; remove it from one of them"
    )


def test_a_value_that_is_no_table_is_refused():
    assert error_text('environment = "A=1"') == (
        "[stages.dev]: environment = 'A=1' is not a table; write it as [environment]"
    )
