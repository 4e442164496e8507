"""Implements the questions about certificates, hosted zones, classes of databases, load balancers, schedules and
mail.

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
_CLASSES = ("db.serverless", "db.m5.large", "db.t3.small", "db.t4g.medium", "db.t4g.micro", "db.t4g.small")
_VERSIONS = ("16.9", "16.10", "17.5", "17.6", "18.1")
# The other engines; Aurora has the versions of PostgreSQL here.
_SQL_SERVER = ("15.00.4445.1.v1", "16.00.4215.2.v1")
_OTHER_VERSIONS = {
    "mariadb": ("10.6.22", "10.11.14", "11.4.8", "11.8.3"),
    "mysql": ("8.0.43", "8.4.6"),
    "oracle-se2": ("19.0.0.0.ru-2026-10.rur-2026-10.r1",),
    "sqlserver-se": _SQL_SERVER,
    "sqlserver-web": _SQL_SERVER,
}
# The engines without classes that have Graviton processors.
_WITHOUT_GRAVITON = ("oracle", "sqlserver")
_OFFER = {
    "MultiAZCapable": True,
    "SupportsHttpEndpoint": True,
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
    of_engine = _OTHER_VERSIONS.get(call.parameters["Engine"], _VERSIONS)
    has_class = wanted in _CLASSES and not (
        wanted.startswith("db.t4g") and call.parameters["Engine"].startswith(_WITHOUT_GRAVITON)
    )
    versions = of_engine if has_class else ()
    every = [{"EngineVersion": each, "StorageType": storage} for each in versions for storage in ("gp2", "gp3")]
    offers = account_settings(world.state).get("offers", {}).get(wanted, every)
    version = call.parameters.get("EngineVersion")
    return {
        "OrderableDBInstanceOptions": [
            {"Engine": call.parameters["Engine"], "DBInstanceClass": wanted, **_OFFER, **offer}
            for offer in offers
            if version in {None, offer["EngineVersion"]}
        ]
    }


@operation("rds", "DescribeDBEngineVersions")
async def describe_engine_versions(world: World, call: Call) -> dict[str, Any]:
    """Return the newest minor version of a major one, which pauses unless the test has set another capacity."""
    major = call.parameters["EngineVersion"]
    found = [each for each in _VERSIONS if each.startswith(f"{major}.")]
    least = account_settings(world.state).get("least_acu", 0)
    return {
        "DBEngineVersions": [
            {
                "Engine": call.parameters["Engine"],
                "EngineVersion": each,
                "ServerlessV2FeaturesSupport": {"MinCapacity": float(least), "MaxCapacity": 256.0},
            }
            for each in found[-1:]
        ]
    }


@operation("elbv2", "DescribeLoadBalancers")
async def describe_load_balancers(world: World, call: Call) -> dict[str, Any]:
    """Find load balancers by their names: those of stacks, and those that the test has set."""
    (name,) = call.parameters["Names"]
    own = (each["name"] for each in world.state.all("load balancer"))
    if name not in {*own, *_others(world, "AWS::ElasticLoadBalancingV2::LoadBalancer")}:
        raise AwsError("LoadBalancerNotFound", f"Load balancers '[{name}]' not found")
    return {"LoadBalancers": [{"LoadBalancerName": name}]}


@operation("scheduler", "GetSchedule")
async def get_schedule(world: World, call: Call) -> dict[str, Any]:
    """Find the schedules that the test has set, as GROUP/NAME."""
    group, name = call.parameters["GroupName"], call.parameters["Name"]
    if f"{group}/{name}" not in _others(world, "AWS::Scheduler::Schedule"):
        raise AwsError("ResourceNotFoundException", f"Schedule {name} does not exist.", 404)
    return {"GroupName": group, "Name": name}


@operation("sesv2", "GetEmailIdentity")
async def get_email_identity(world: World, call: Call) -> dict[str, Any]:
    """Find the identities that the test has set, with their states."""
    name = call.parameters["EmailIdentity"]
    identities = account_settings(world.state).get("mail_identities", {})
    if name not in identities:
        raise AwsError("NotFoundException", f"Email identity {name} does not exist.", 404)
    status = identities[name]
    return {"VerifiedForSendingStatus": status == "SUCCESS", "VerificationStatus": status}


@operation("sesv2", "GetAccount")
async def get_mail_account(world: World, call: Call) -> dict[str, Any]:
    """Answer as for an account with production access, unless the test has set other values."""
    others = account_settings(world.state).get("mail_account", {})
    return {"SendingEnabled": True, "ProductionAccessEnabled": True, **others}


def _others(world: World, type_name: str) -> list[str]:
    """Return the names of resources of no stack that the test has set."""
    names: list[str] = account_settings(world.state).get("resources", {}).get(type_name, [])
    return names


def _place(record: tuple[str, str]) -> tuple[list[str], str]:
    """Return what Route 53 orders records by: the labels of the name from the right, and the type."""
    return record[0].rstrip(".").split(".")[::-1], record[1]


def _zone(world: World, name: str) -> dict[str, Any]:
    zones: dict[str, dict[str, Any]] = account_settings(world.state).get("hosted_zones") or _ZONES
    if name not in zones:
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {name}", 404)
    return zones[name]
