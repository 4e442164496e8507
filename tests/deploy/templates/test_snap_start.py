"""SnapStart of the function: its property, its only door, and the secret key that a restore reads."""

import pytest

from tests.deploy.templates.analysis.stacks import deploy

pytestmark = pytest.mark.profile_free

LAMBDA = "lambda/template.yaml"
ALIAS = "arn:aws:lambda:us-east-1:123456789012:alias:lambda/template.yaml/Alias"


def resources(**parameters: str) -> dict[str, dict]:
    return {name: each.properties for name, each in deploy(**parameters).stacks[LAMBDA].resources.items()}


def variables(**parameters: str) -> dict[str, str]:
    return resources(**parameters)["Function"]["Environment"]["Variables"]


def test_published_versions_have_a_snapshot_if_it_is_switched_on():
    assert "SnapStart" not in resources()["Function"]
    assert resources(SnapStart="yes")["Function"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}


@pytest.mark.parametrize("front", ["http_api", "function_url", "rest_api"])
def test_every_door_leads_to_the_alias(front: str):
    found = resources(SnapStart="yes", FrontDoor=front, WarmUp="yes")
    doors = {
        "http_api": ("ApiMayInvoke",),
        "rest_api": ("RestMayInvoke",),
        "function_url": ("EverybodyMayUseUrl", "EverybodyMayInvokeByUrl"),
    }[front]

    assert {name: found[name]["FunctionName"] for name in doors} == dict.fromkeys(doors, ALIAS)
    assert found["WarmUpSchedule"]["Target"]["Arn"] == ALIAS
    if front == "function_url":
        assert found["Url"]["Qualifier"] == found["Alias"]["Name"] == "live"
    elif front == "http_api":
        assert found["Integration"]["IntegrationUri"] == ALIAS


def test_the_secret_key_is_in_the_environment_or_read_from_its_secret():
    assert "WEBAPP_SECRET_KEY_ARN" not in variables()
    assert variables()["WEBAPP_SECRET_KEY"].startswith("{{resolve:secretsmanager:")

    found = variables(ReadsSecretKey="yes")
    assert "WEBAPP_SECRET_KEY" not in found
    assert found["WEBAPP_SECRET_KEY_ARN"].endswith(":secret:foundation/secrets.yaml/ApplicationKey")
    assert reads_the_key(resources(ReadsSecretKey="yes"))
    assert not reads_the_key(resources())


def reads_the_key(found: dict[str, dict]) -> bool:
    return any(policy.endswith("ApplicationKeyPolicy") for policy in found["Role"]["ManagedPolicyArns"])
