"""The store, mail and measurements reach every process once a parameter switches them on."""

import re

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS
from django_runtimes.stores.dynamodb.entry import EXPIRES_AT, KEY
from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.stacks import (
    MEASUREMENT_KEY_ARN,
    deploy,
    read_template,
)

pytestmark = pytest.mark.profile_free


def test_every_process_uses_the_stages_table_if_the_store_is_dynamodb():
    urls = {
        process.resource.stack: process.declared.get("WEBAPP_STORE_URL")
        for process in started_processes(deploy(Store="dynamodb"))
    }

    assert urls == dict.fromkeys(urls, "dynamodb://foundation/storage.yaml:StoreTable")
    assert len(urls) == 6
    assert not [each for each in started_processes(deploy()) if "WEBAPP_STORE_URL" in each.declared]


def test_every_process_loads_static_files_from_the_distribution():
    hosts = {
        process.resource.stack: process.declared.get("WEBAPP_STATIC_HOST")
        for process in started_processes(deploy(StaticFiles="cloudfront"))
    }

    assert hosts == dict.fromkeys(hosts, "foundation/distribution.yaml:Distribution.DomainName")
    assert len(hosts) == 6
    for static_files in ("image", "bucket"):
        processes = started_processes(deploy(StaticFiles=static_files))
        assert not [each for each in processes if "WEBAPP_STATIC_HOST" in each.declared]


def test_every_process_sends_mail_through_ses_if_it_has_an_identity():
    mail = {"MailIdentity": "example.com", "MailFrom": "Shop <shop@example.com>"}
    found = {
        process.resource.stack: (process.declared.get("WEBAPP_MAIL"), process.declared.get("WEBAPP_MAIL_FROM"))
        for process in started_processes(deploy(**mail))
    }

    assert found == dict.fromkeys(found, ("ses", "Shop <shop@example.com>"))
    assert len(found) == 6
    assert not [each for each in started_processes(deploy()) if "WEBAPP_MAIL" in each.declared]


@pytest.mark.parametrize(
    ("identity", "is_accepted"),
    [
        ("", True),
        ("example.com", True),
        ("shop@mail.example.com", True),
        ("*", False),
        ("*.example.com", False),
        ("shop@*", False),
        ("example.com/*", False),
        ("example", False),
    ],
)
def test_an_identity_has_no_wildcard(identity: str, is_accepted: bool):
    patterns = {
        read_template(each.resource.stack)["Parameters"]["MailIdentity"]["AllowedPattern"]
        for each in started_processes(deploy())
    }

    (pattern,) = patterns
    assert (re.fullmatch(pattern, identity) is not None) == is_accepted


@pytest.mark.parametrize(
    ("hosts", "is_accepted"),
    [
        ("guestbook.example", True),
        (".guestbook.example,WWW.guestbook.example", True),
        ("a.example, b.example", True),
        ("xn--bcher-kva.example", True),
        ("guestbook.example.", False),
        ("https://guestbook.example", False),
        ("guestbook.example:443", False),
        ("*", False),
        ("*.guestbook.example", False),
        ("a.example b.example", False),
    ],
)
def test_hosts_are_refused_before_a_process_refuses_them(hosts: str, is_accepted: bool):
    patterns = [
        read_template(name)["Parameters"]["Hosts"]["AllowedPattern"]
        for name in ("lambda/template.yaml", "apprunner/template.yaml", "ecs/express.yaml")
    ]
    try:
        served = bool(Environment({"WEBAPP_ALLOWED_HOSTS": hosts})[ALLOWED_HOSTS])
    except ConfigurationError:
        served = False

    assert served is is_accepted
    assert [re.fullmatch(pattern, hosts) is not None for pattern in patterns] == [is_accepted] * 3


def test_the_table_is_one_that_the_store_can_use():
    table = deploy().named("foundation/storage.yaml", "StoreTable")

    assert table.properties["KeySchema"] == [{"AttributeName": KEY, "KeyType": "HASH"}]
    assert table.properties["AttributeDefinitions"] == [{"AttributeName": KEY, "AttributeType": "S"}]
    assert table.properties["TimeToLiveSpecification"] == {"AttributeName": EXPIRES_AT, "Enabled": True}
    assert table.properties["BillingMode"] == "PAY_PER_REQUEST"
    assert table.policies == {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def test_every_serving_process_takes_the_measurement_key_from_its_secret():
    references = {
        process.resource.stack: process.environ["WEBAPP_MEASUREMENT_KEY"]
        for process in started_processes(deploy(MeasurementKeyArn=MEASUREMENT_KEY_ARN))
        if "WEBAPP_MEASUREMENT_KEY" in process.environ
    }

    assert references == {
        # CloudFormation puts the secret's value in place of this reference; the other services read the secret.
        "lambda/template.yaml": "{{resolve:secretsmanager:" + MEASUREMENT_KEY_ARN + ":SecretString}}",
        "apprunner/template.yaml": MEASUREMENT_KEY_ARN,
        "ecs/fargate.yaml": MEASUREMENT_KEY_ARN,
        "ecs/express.yaml": MEASUREMENT_KEY_ARN,
    }


def test_no_process_reports_measurements_by_default():
    assert not [each for each in started_processes(deploy()) if "WEBAPP_MEASUREMENT_KEY" in each.environ]


@pytest.mark.parametrize(
    ("arn", "is_accepted"),
    [
        ("", True),
        (MEASUREMENT_KEY_ARN, True),
        ("arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:team/key-a1B2c3", True),
        # Roles need the complete ARN, with the six characters that Secrets Manager appends to the name.
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:key", False),
        ("guestbook-dev-measurement-key", False),
        ("a measurement key of more than 32 characters", False),
    ],
)
@pytest.mark.parametrize(
    "name", ["lambda/template.yaml", "apprunner/template.yaml", "ecs/fargate.yaml", "ecs/express.yaml"]
)
def test_the_measurement_key_is_given_by_a_complete_arn(name: str, arn: str, is_accepted: bool):
    pattern = read_template(name)["Parameters"]["MeasurementKeyArn"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, arn)) == is_accepted
