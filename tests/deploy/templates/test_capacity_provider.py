"""The web function on Managed Instances: its capacity provider, its limits, and what it leaves to the provider."""

import pytest

from tests.deploy.templates.analysis.stacks import deploy

pytestmark = pytest.mark.profile_free

LAMBDA = "lambda/template.yaml"


def resources(**parameters: str) -> dict[str, dict]:
    return {name: each.properties for name, each in deploy(**parameters).stacks[LAMBDA].resources.items()}


def managed(**parameters: str) -> dict[str, dict]:
    return resources(**{"ManagedInstances": "yes", "MemoryMb": "4096", "Egress": "nat", **parameters})


def test_without_the_switch_there_is_no_capacity_provider():
    found = resources()

    assert {"CapacityProvider", "OperatorRole"} & found.keys() == set()
    assert {"CapacityProviderConfig", "PublishToLatestPublished"} & found["Function"].keys() == set()
    assert "FunctionScalingConfig" not in found["Version"]


def test_the_function_runs_on_the_capacity_provider():
    found = managed(Processes="16", Architecture="arm64", MaxVCpus="30")

    (config,) = found["Function"]["CapacityProviderConfig"].values()
    assert config["CapacityProviderArn"].endswith(f":{LAMBDA}/CapacityProvider")
    assert config["PerExecutionEnvironmentMaxConcurrency"] == "16"
    assert found["CapacityProvider"]["InstanceRequirements"] == {"Architectures": ["arm64"]}
    assert found["CapacityProvider"]["CapacityProviderScalingConfig"] == {"MaxVCpuCount": "30", "ScalingMode": "Auto"}


def test_the_provider_has_the_network_that_the_function_had():
    found = managed()

    assert "VpcConfig" not in found["Function"]
    assert found["CapacityProvider"]["VpcConfig"] == resources()["Function"]["VpcConfig"]
    # The function itself has no network interfaces to manage.
    policies = found["Role"]["ManagedPolicyArns"]
    assert [each for each in policies if each.endswith("FunctionNetworkPolicy")] == []


def test_each_version_has_a_minimum_and_a_maximum_of_environments():
    found = managed(MinExecutionEnvironments="4", MaxExecutionEnvironments="9", ReservedConcurrency="50")

    scaling = {"MinExecutionEnvironments": "4", "MaxExecutionEnvironments": "9"}
    assert found["Version"]["FunctionScalingConfig"] == scaling
    assert found["Function"]["Environment"]["Variables"]["WEBAPP_INSTANCES_MAX"] == "9"
    assert "ReservedConcurrentExecutions" not in found["Function"]


def test_only_numbered_versions_have_instances():
    assert managed()["Function"]["PublishToLatestPublished"] is False


def test_logs_are_json():
    assert resources()["Function"]["LoggingConfig"]["LogFormat"] == "Text"
    assert managed()["Function"]["LoggingConfig"]["LogFormat"] == "JSON"
