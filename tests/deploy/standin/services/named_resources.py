"""Implements the questions about certificates, hosted zones and classes of databases.

The account has one certificate and one zone, unless the test has set others.
"""

from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.account import account_settings
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.world import ACCOUNT, World

CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1"
_CERTIFICATES = {
    CERTIFICATE: {"DomainName": "example.com", "SubjectAlternativeNames": ["example.com", "*.example.com"]}
}
_ZONES = {"Z1": {"Name": "example.com."}}
_CLASSES = ("db.serverless", "db.t4g.medium", "db.t4g.micro", "db.t4g.small")
_VERSIONS = ("16.9", "16.10", "17.5", "17.6", "18.1")
_OFFER = {
    "MultiAZCapable": True,
    "SupportsIAMDatabaseAuthentication": True,
    "SupportsPerformanceInsights": True,
    "SupportsStorageEncryption": True,
}


@operation("acm", "DescribeCertificate")
async def describe_certificate(world: World, call: Call) -> dict[str, Any]:
    arn = call.parameters["CertificateArn"]
    certificates = account_settings(world.state).get("certificates") or _CERTIFICATES
    found = certificates.get(arn)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Could not find certificate {arn}.")
    return {"Certificate": {"CertificateArn": arn, "Status": "ISSUED", **found}}


@operation("route53", "GetHostedZone")
async def get_hosted_zone(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["Id"]
    return {"HostedZone": {"Id": f"/hostedzone/{name}", "CallerReference": "1", **_zone(world, name)}}


@operation("route53", "ListResourceRecordSets")
async def list_resource_record_sets(world: World, call: Call) -> dict[str, Any]:
    """List the records that the test has set, by their types: those of the asked name and of all after it."""
    zone, start = call.parameters["HostedZoneId"], call.parameters["StartRecordName"]
    _zone(world, zone)
    records = account_settings(world.state).get("records", {}).get(zone, {})
    following = [each for each in sorted(records.items(), key=_place) if _place(each) >= _place((start, ""))]
    return {
        "ResourceRecordSets": [{"Name": f"{name}.", "Type": kind} for name, kind in following],
        "IsTruncated": False,
        "MaxItems": "300",
    }


@operation("rds", "DescribeOrderableDBInstanceOptions")
async def describe_orderable_options(world: World, call: Call) -> dict[str, Any]:
    """Offer each class with each version and kind of storage, unless the test has set the offers of a class."""
    wanted = call.parameters["DBInstanceClass"]
    versions = _VERSIONS if wanted in _CLASSES else ()
    every = [{"EngineVersion": each, "StorageType": storage} for each in versions for storage in ("gp2", "gp3")]
    offers = account_settings(world.state).get("offers", {}).get(wanted, every)
    return {
        "OrderableDBInstanceOptions": [
            {"Engine": call.parameters["Engine"], "DBInstanceClass": wanted, **_OFFER, **offer} for offer in offers
        ]
    }


def _place(record: tuple[str, str]) -> tuple[list[str], str]:
    """Return what Route 53 orders records by: the labels of the name from the right, and the type."""
    return record[0].rstrip(".").split(".")[::-1], record[1]


def _zone(world: World, name: str) -> dict[str, Any]:
    zones: dict[str, dict[str, Any]] = account_settings(world.state).get("hosted_zones") or _ZONES
    if name not in zones:
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {name}", 404)
    return zones[name]
