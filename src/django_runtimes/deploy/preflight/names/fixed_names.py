"""The names in AWS that a template chooses itself, so that another resource may have them already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django_runtimes.deploy.templates.long_form import long_form
from django_runtimes.deploy.templates.templates import Template

_FUNCTION = "AWS::Lambda::Function"
# The types whose names are unique in the account and region, and the properties that make up the name.
NAME_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "AWS::AppRunner::Service": ("ServiceName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    "AWS::Lambda::CapacityProvider": ("CapacityProviderName",),
    _FUNCTION: ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier",),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier",),
    "AWS::RDS::DBProxy": ("DBProxyName",),
    "AWS::Scheduler::Schedule": ("GroupName", "Name"),
    "AWS::Scheduler::ScheduleGroup": ("Name",),
    "AWS::SecretsManager::RotationSchedule": ("HostedRotationLambda.RotationLambdaName",),
}
# AWS's macro creates a function for such a resource.
_TYPES_OF_NAMES = {"AWS::SecretsManager::RotationSchedule": _FUNCTION}


@dataclass(frozen=True)
class FixedName:
    """A name of a resource: the resource's logical id, the type that the name identifies, and the name.

    `within` is the logical id of the group that the resource belongs to, if the same template creates it.
    """

    resource: str
    type: str
    name: str
    within: str = ""


def fixed_names(template: Template, values: Mapping[str, str]) -> Iterator[FixedName]:
    """Yield the names of the resources that the template creates with these values of its parameters."""
    resources: Mapping[str, Mapping[str, Any]] = long_form(template.content["Resources"])
    for logical_id, resource in resources.items():
        properties = NAME_PROPERTIES.get(resource["Type"])
        if properties is None or not template.holds(resource.get("Condition"), values):
            continue
        found = [_part(resource.get("Properties", {}), each) for each in properties]
        group = next((each["Ref"] for each in found if isinstance(each, dict) and each.get("Ref") in resources), "")
        parts = [_text(template, resources, each, values) for each in found]
        if all(parts):
            type_name = _TYPES_OF_NAMES.get(resource["Type"], resource["Type"])
            yield FixedName(logical_id, type_name, "/".join(filter(None, parts)), group)


def export_names(template: Template, values: Mapping[str, str]) -> Iterator[str]:
    """Yield the names under which the stack exports its outputs, which are unique in the account and region."""
    for output in (template.content.get("Outputs") or {}).values():
        name = template.text_of(output.get("Export", {}).get("Name"), values)
        if name and template.holds(output.get("Condition"), values):
            yield name


def _part(properties: Mapping[str, Any], path: str) -> Any:
    """Return the property at a path with dots, or None."""
    found: Any = properties
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _text(template: Template, resources: Mapping[str, Any], value: Any, values: Mapping[str, str]) -> str | None:
    """Return a name, also one that another resource of the template has; None if only AWS knows it."""
    owner = resources.get(value["Ref"]) if isinstance(value, dict) and "Ref" in value else None
    if owner is not None:
        value = _part(owner.get("Properties", {}), NAME_PROPERTIES.get(owner["Type"], ("",))[-1])
    return template.text_of(value, values)
