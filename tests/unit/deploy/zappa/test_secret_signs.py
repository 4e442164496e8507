"""Names and values that look like secrets are recognized, and ordinary ones are not."""

import pytest

from django_runtimes.deploy.zappa.own_environment import convert_variables
from django_runtimes.deploy.zappa.secret_signs import looks_secret

# The parts are joined here so that no scanner takes them for real credentials.
VALUES = [
    "_".join(("sk", "live", "hunter")),
    "_".join(("sk", "test", "hunter")),
    "_".join(("rk", "live", "hunter")),
    "_".join(("whsec", "hunter")),
    "_".join(("ghp", "hunter")),
    "_".join(("gho", "hunter")),
    "_".join(("github", "pat", "hunter")),
    "-".join(("glpat", "hunter")),
    "-".join(("xoxb", "hunter")),
    "-".join(("xoxp", "hunter")),
    "-".join(("xapp", "hunter")),
    ".".join(("SG", "hunterhunter")),
    "key-" + "a" * 32,
    "AIza" + "hunter",
    "ya29." + "hunter",
    ".".join(("eyJhbGciOi", "eyJzdWIi", "hunter")),
    "https://hooks.slack.com/" + "services/T/B/hunter",
    "https://discord.com/api/" + "webhooks/1/hunter",
    "_".join(("npm", "hunterhunter")),
    "-".join(("pypi", "hunterhunter")),
    "_".join(("dop", "v1", "hunter")),
    "-".join(("sq0atp", "hunter")),
    "AKIA" + "A" * 16,
    "0f8fad5b-d9cd-469f-a165-70867728950e",
    "9f86d081884c7d659a2feaa0c55ad015",
    "wJalrXUtnFEMIK7MDENGbPxRfiCY",
]
NAMES = [
    "SLACK_WEBHOOK",
    "GITHUB_TOKEN",
    "STRIPE_KEY",
    "MY_SECRET",
    "MAIL_PASSWORD",
    "SENTRY_DSN",
    "GOOGLE_CREDENTIALS",
]
ORDINARY = [
    "",
    "20",
    "config.settings.production",
    "https://shop.example.com/start?page=1",
    "shop-static-eu-west-1-production",
    "mail.example.com",
    "Shop <shop@example.com>",
    "task-queue_live_key-board",
    "arn:aws:sns:eu-central-1:123456789012:orders",
    "123456789012345678901234",
    "internationalization",
    "aaaaaaaaaaaaaaaaaaaaaaa1",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_looks_like_a_credential_is_not_written(value: str):
    variables, (remark,) = convert_variables({"environment_variables": {"STRIPE": value}}, "dev", "eu-west-1")

    assert variables == {}
    assert remark.startswith("environment_variables: STRIPE looks like a secret: run `webapp secrets set STRIPE")
    assert value not in remark


@pytest.mark.parametrize("name", NAMES)
def test_a_name_tells_a_secret(name: str):
    assert looks_secret(name, "hunter2")


@pytest.mark.parametrize("value", ORDINARY)
def test_an_ordinary_value_is_no_secret(value: str):
    assert not looks_secret("PLAIN", value)
