"""Whether the hosted zone exists, has room for the domain's record, and lacks that record."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import LOAD_BALANCER
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good

_PARAMETER = "HostedZoneId"
_ABSENT = {"InvalidInput", "NoSuchHostedZone"}
# A name with this record can have no other.
_ALONE = "CNAME"


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    zone = stage.value(LOAD_BALANCER, _PARAMETER) if LOAD_BALANCER in stage.wanted else ""
    # Once the record exists, only a change of it needs the zone.
    if not zone or not stage.changes(LOAD_BALANCER, _PARAMETER, "Domain"):
        return
    client = stage.context.aws.brief_client("route53")
    domain = stage.value(LOAD_BALANCER, "Domain")
    remedy = f"correct it in {FILE_NAME}, or remove it and create the record yourself"
    try:
        found = client.get_hosted_zone(Id=zone)["HostedZone"]
    except ClientError as error:
        if error_code(error) not in _ABSENT:
            raise
        yield bad(f"{_PARAMETER} = '{zone}' does not exist", remedy)
        return
    name = found["Name"].rstrip(".")
    if domain != name and not domain.endswith(f".{name}"):
        yield bad(f"{_PARAMETER} = '{zone}' is the zone {name}, which cannot contain Domain = '{domain}'", remedy)
    elif taken := _record(client, zone, domain):
        yield bad(
            f"the zone {name} has a record {taken} for Domain = '{domain}', outside the stack that would create one",
            f"delete it just before the deploy, or remove {_PARAMETER} from {FILE_NAME} and change the record yourself",
        )
    elif found.get("Config", {}).get("PrivateZone"):
        yield doubtful(
            f"{_PARAMETER} = '{zone}' is a private zone, so only its VPCs find {domain}",
            f"name the public zone of {name} in {FILE_NAME}",
        )
    else:
        yield good(f"the zone {name} has room for the record of {domain}")


def _record(client: Any, zone: str, domain: str) -> str:
    """Return the type of the record that stands in the way of an A record of the domain, or an empty text."""
    # Records are in order of their names and types, and a domain has only a few.
    page = client.list_resource_record_sets(HostedZoneId=zone, StartRecordName=domain, StartRecordType="A")
    types = {each["Type"] for each in page["ResourceRecordSets"] if each["Name"].rstrip(".") == domain}
    return next((each for each in ("A", _ALONE) if each in types), "")


HOSTED_ZONE = PreflightCheck("the hosted zone", ("route53:GetHostedZone", "route53:ListResourceRecordSets"), _ask)
