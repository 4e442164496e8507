"""Every name that a template chooses is checked for being free before anything is created, or needs no check."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from django_runtimes.deploy.preflight.names.fixed_names import NAME_PROPERTIES, export_names, fixed_names
from django_runtimes.deploy.preflight.names.taken_names import CLOUD_CONTROL_TYPES
from django_runtimes.deploy.templates.templates import Template
from tests.deploy.standin.cloudformation.schemas import identifier, schema
from tests.deploy.templates.analysis.stacks import REQUIRED, read_template, template_names

pytestmark = pytest.mark.profile_free

# Properties whose values look like names that could be taken, each with the reason why they cannot.
UNASKED = {
    ("AWS::ApiGateway::RestApi", "Name"): "two APIs may have the same name",
    ("AWS::ApiGateway::Stage", "StageName"): "in an API of the same stack",
    ("AWS::ApiGatewayV2::Api", "Name"): "two APIs may have the same name",
    ("AWS::ApiGatewayV2::Stage", "StageName"): "in an API of the same stack",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PolicyName"): "of a service of the same stack",
    ("AWS::Budgets::Budget", "Budget.BudgetName"): "account.yaml is created by hand, and costs nothing before it fails",
    ("AWS::CloudTrail::Trail", "TrailName"): "account.yaml is created by hand, and costs nothing before it fails",
    ("AWS::CloudWatch::Alarm", "MetricName"): "a metric that the alarm reads",
    ("AWS::CodeDeploy::DeploymentGroup", "DeploymentConfigName"): "a configuration of AWS",
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification.AttributeName"): "an attribute of the items",
    ("AWS::EC2::VPCEndpoint", "ServiceName"): "a service of AWS",
    ("AWS::ECS::ExpressGatewayService", "ServiceName"): "in a cluster of the same stack",
    ("AWS::ECS::Service", "ServiceName"): "in a cluster of the same stack",
    ("AWS::ECS::TaskDefinition", "Family"): "a family that exists gets another revision",
    ("AWS::ECS::TaskDefinition", "RuntimePlatform.OperatingSystemFamily"): "an operating system",
    ("AWS::Lambda::Alias", "Name"): "of a function of the same stack",
    ("AWS::RDS::DBCluster", "DatabaseName"): "a database in the cluster",
    ("AWS::RDS::DBClusterParameterGroup", "Family"): "a version of the engine",
    ("AWS::RDS::DBInstance", "CACertificateIdentifier"): "an authority of AWS",
    ("AWS::RDS::DBInstance", "CharacterSetName"): "a character set",
    ("AWS::RDS::DBInstance", "DBName"): "a database in the instance",
    ("AWS::RDS::DBParameterGroup", "Family"): "a version of the engine",
    ("AWS::RDS::DBProxyTargetGroup", "TargetGroupName"): "of a proxy of the same stack",
    ("AWS::RDS::OptionGroup", "EngineName"): "an engine of RDS",
    ("AWS::Route53::RecordSet", "Name"): "the check of the hosted zone asks for it",
    ("AWS::SNS::Topic", "DisplayName"): "a text in mails",
}
_NAME = re.compile(r"(Name|Identifier|Family)$")


def chosen_names() -> Iterator[tuple[str, str]]:
    """Yield the type and property of each name that a template gives by itself or by its parameters."""
    for file in template_names():
        content = read_template(file)
        template = Template("", content)
        values = {name: str(each.get("Default", "x")) for name, each in content["Parameters"].items()}
        values |= {"AWS::Region": "us-east-1"}
        for resource in content["Resources"].values():
            for path, value in leaves(resource.get("Properties", {})):
                if _NAME.search(path) and template.text_of(given(value), values):
                    yield resource["Type"], path


def leaves(properties: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the properties, and those one level below, with their paths."""
    for name, value in properties.items():
        yield name, value
        if isinstance(value, dict) and not any(key == "Ref" or key.startswith("Fn::") for key in value):
            yield from ((f"{name}.{key}", part) for key, part in value.items())


def given(value: Any) -> Any:
    """Return the part of a choice that is given, if one part is."""
    if isinstance(value, dict) and "Fn::If" in value:
        return next((part for part in value["Fn::If"][1:] if part != {"Ref": "AWS::NoValue"}), None)
    return value


def test_each_name_is_asked_for_or_needs_no_question():
    asked = {(type_name, path) for type_name, paths in NAME_PROPERTIES.items() for path in paths}
    found = set(chosen_names())

    assert found - asked - UNASKED.keys() == set()
    assert UNASKED.keys() - found == set()
    # The group of a schedule refers to another resource.
    assert asked - found == {("AWS::Scheduler::Schedule", "GroupName")}


def test_cloud_control_identifies_the_types_by_their_names():
    assert {name: (identifier(name),) for name in CLOUD_CONTROL_TYPES} == {
        name: NAME_PROPERTIES[name] for name in CLOUD_CONTROL_TYPES
    }
    assert all("read" in schema(name)["handlers"] for name in CLOUD_CONTROL_TYPES)


def test_every_export_has_a_name_that_is_known_before():
    for file in template_names():
        content = read_template(file)
        values = {name: str(each.get("Default", "x")) for name, each in content["Parameters"].items()} | REQUIRED
        exports = [each for each in content.get("Outputs", {}).values() if "Export" in each and "Condition" not in each]

        names = list(export_names(Template("", content), values))

        assert len(names) >= len(exports)
        assert all(name.startswith("webapp-") for name in names)


def test_the_names_of_a_template():
    content = read_template("operations/schedules.yaml")
    values = {"Project": "shop", "Stage": "qa", "ScheduleName": "nightly", "RunsIn": "function", "Egress": "nat"}

    names = [(each.type, each.name, each.within) for each in fixed_names(Template("", content), values)]

    assert names == [
        ("AWS::Scheduler::ScheduleGroup", "shop-qa", ""),
        ("AWS::Scheduler::Schedule", "shop-qa/nightly", "Group"),
    ]
