"""Certificates, zones, secrets and classes that a stage names must exist before anything is created."""

import pytest

from django_runtimes.deploy.catalogue import DATABASE, LOAD_BALANCER
from django_runtimes.deploy.preflight.references.arn_check import ARNS
from django_runtimes.deploy.preflight.references.certificate_check import CERTIFICATE, covers
from django_runtimes.deploy.preflight.references.hosted_zone_check import HOSTED_ZONE
from django_runtimes.deploy.preflight.references.instance_class_check import INSTANCE_CLASS
from django_runtimes.deploy.preflight.references.measurement_key_check import MEASUREMENT_KEY
from tests.deploy.preflight.conftest import deployed, shown
from tests.deploy.standin.services.named_resources import CERTIFICATE as ARN
from tests.deploy.standin.standin import StandIn

pytestmark = pytest.mark.profile_free

DOMAIN = "guestbook.example.com"
KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:measurements-a1B2c3"
REQUEST = f"request one with `aws acm request-certificate --domain-name {DOMAIN} --validation-method DNS`"
HERE = "name one of account 123456789012 in us-east-1, in webapp.toml"
ZONE_REMEDY = "correct it in webapp.toml, or remove it and create the record yourself"


def certified(arn: str, **parameters: object) -> dict[str, object]:
    return {"target": "aws_ecs", "load-balancer": {"CertificateArn": arn, **parameters}}


@pytest.mark.parametrize(
    ("parameter", "arn", "fault"),
    [
        (
            "CertificateArn",
            "arn:aws:acm:eu-central-1:123456789012:certificate/1",
            "of the stack 'load-balancer' is in the region 'eu-central-1', but the stage is in us-east-1",
        ),
        (
            "CertificateArn",
            "arn:aws:acm:us-east-1:210987654321:certificate/1",
            "of the stack 'load-balancer' is of the account '210987654321', but the stage is in 123456789012",
        ),
        ("CertificateArn", "arn:aws:acm:nothing", "of the stack 'load-balancer' is not a complete ARN"),
        (
            "MeasurementKeyArn",
            KEY.replace("123456789012", "210987654321"),
            "of the stack 'fargate' is of the account '210987654321', but the stage is in 123456789012",
        ),
    ],
)
def test_an_arn_of_another_region_or_account_fails(ask, parameter, arn, fault):
    certificate = arn if parameter == "CertificateArn" else ARN
    given = {} if parameter == "CertificateArn" else {parameter: arn}

    assert ask(ARNS, **certified(certificate), **given) == [("bad", f"{parameter} = '{arn}' {fault}", HERE)]


def test_a_snapshot_may_be_of_another_account_but_not_of_another_region(ask):
    def from_snapshot(region: str) -> list[tuple[str, str, str]]:
        arn = f"arn:aws:rds:{region}:210987654321:snapshot:live"
        database = {"snapshot": arn, "name": "webapp", "operations_user": "operations"}
        return ask(ARNS, tables={"database": database})

    text = "1 ARNs among the parameters fit the stage's region and account"
    assert from_snapshot("us-east-1") == [("good", text, "")]
    assert from_snapshot("eu-central-1") == [
        (
            "bad",
            "Snapshot = 'arn:aws:rds:eu-central-1:210987654321:snapshot:live' of the stack 'database' is in the region "
            "'eu-central-1', but the stage is in us-east-1",
            HERE,
        )
    ]
    assert ask(ARNS) == []


def test_arns_of_elsewhere_are_reported_once(ask):
    assert ask(CERTIFICATE, **certified(ARN.replace("us-east-1", "us-west-2"))) == []
    assert ask(MEASUREMENT_KEY, MeasurementKeyArn=KEY.replace("123456789012", "210987654321")) == []


def test_an_issued_certificate_for_the_domain_passes(ask):
    assert ask(CERTIFICATE, target="aws_ecs") == [("good", f"the certificate has been issued for {DOMAIN}", "")]
    assert ask(CERTIFICATE) == []


def test_an_unknown_certificate_fails(ask):
    arn = ARN.replace("/1", "/2")

    assert ask(CERTIFICATE, **certified(arn)) == [
        ("bad", f"CertificateArn = '{arn}' does not exist", f"correct it in webapp.toml, or {REQUEST}")
    ]


@pytest.mark.parametrize(
    ("certificate", "text", "remedy"),
    [
        (
            {"DomainName": DOMAIN, "Status": "PENDING_VALIDATION"},
            f"the certificate {ARN} has not been issued: PENDING_VALIDATION",
            f"create the DNS record that `aws acm describe-certificate --certificate-arn {ARN}` shows, and wait",
        ),
        ({"DomainName": DOMAIN, "Status": "EXPIRED"}, f"the certificate {ARN} cannot be used: EXPIRED", REQUEST),
        (
            {"DomainName": "example.org", "SubjectAlternativeNames": ["example.org", "*.example.org"]},
            f"the certificate {ARN} does not cover Domain = '{DOMAIN}', only *.example.org, example.org",
            f"correct one of the two in webapp.toml, or {REQUEST}",
        ),
    ],
)
def test_a_certificate_that_cannot_serve_the_domain_fails(aws: StandIn, plan, certificate, text, remedy):
    aws.account(certificates={ARN: certificate})
    stage = plan(target="aws_ecs")
    assert shown(stage, CERTIFICATE) == [("bad", text, remedy)]

    running = {LOAD_BALANCER: {"CertificateArn": ARN, "Domain": DOMAIN}}
    assert shown(deployed(stage, of={LOAD_BALANCER: {}}, parameters=running), CERTIFICATE) == [
        ("doubtful", text, remedy)
    ]


def test_an_asterisk_covers_one_label():
    certificate = {"DomainName": "*.Example.com"}

    assert covers(certificate, "www.example.com")
    assert not covers(certificate, "example.com")
    assert not covers(certificate, "a.www.example.com")


def test_a_zone_of_the_domain_passes(aws: StandIn, ask):
    # The record of another name, and another record of the name, are no obstacles.
    aws.account(records={"Z1": {f"www.{DOMAIN}": "A", DOMAIN: "TXT"}})
    text = f"the zone example.com has room for the record of {DOMAIN}"

    assert ask(HOSTED_ZONE, **certified(ARN, HostedZoneId="Z1")) == [("good", text, "")]
    assert ask(HOSTED_ZONE, **certified(ARN)) == []
    assert ask(HOSTED_ZONE) == []


def test_an_unknown_zone_fails(ask):
    assert ask(HOSTED_ZONE, **certified(ARN, HostedZoneId="ZNOPE")) == [
        ("bad", "HostedZoneId = 'ZNOPE' does not exist", ZONE_REMEDY)
    ]


def test_a_zone_of_another_domain_fails(aws: StandIn, ask):
    aws.account(hosted_zones={"Z2": {"Name": "book.example.com."}})

    assert ask(HOSTED_ZONE, **certified(ARN, HostedZoneId="Z2")) == [
        (
            "bad",
            f"HostedZoneId = 'Z2' is the zone book.example.com, which cannot contain Domain = '{DOMAIN}'",
            ZONE_REMEDY,
        )
    ]


@pytest.mark.parametrize("kind", ["A", "CNAME"])
def test_a_record_of_the_domain_stands_in_the_way(aws: StandIn, plan, kind):
    aws.account(records={"Z1": {DOMAIN: kind}})
    stage = plan(**certified(ARN, HostedZoneId="Z1"))

    assert shown(stage, HOSTED_ZONE) == [
        (
            "bad",
            f"the zone example.com has a record {kind} for Domain = '{DOMAIN}', outside the stack that would create "
            "one",
            "delete it just before the deploy, or remove HostedZoneId from webapp.toml and change the record yourself",
        )
    ]

    own = {LOAD_BALANCER: {"HostedZoneId": "Z1", "Domain": DOMAIN}}
    assert shown(deployed(stage, of={LOAD_BALANCER: {}}, parameters=own), HOSTED_ZONE) == []


def test_a_private_zone_is_a_warning(aws: StandIn, ask):
    aws.account(hosted_zones={"Z1": {"Name": "example.com.", "Config": {"PrivateZone": True}}})

    assert ask(HOSTED_ZONE, **certified(ARN, HostedZoneId="Z1")) == [
        (
            "doubtful",
            f"HostedZoneId = 'Z1' is a private zone, so only its VPCs find {DOMAIN}",
            "name the public zone of example.com in webapp.toml",
        )
    ]


def test_a_class_with_everything_passes(ask):
    assert ask(INSTANCE_CLASS) == [("good", "RDS offers PostgreSQL 17 on db.t4g.small", "")]
    assert ask(INSTANCE_CLASS, Engine="aurora", MajorVersion=16) == [
        ("good", "RDS offers Aurora PostgreSQL 16 on db.serverless", "")
    ]


def test_a_class_for_mariadb_needs_no_performance_insights(aws: StandIn, ask):
    offer = {"StorageType": "gp3", "SupportsPerformanceInsights": False}
    aws.account(offers={"db.t4g.small": [{"EngineVersion": "10.6.9", **offer}, {"EngineVersion": "10.11.9", **offer}]})
    mariadb = {"DatabaseSystem": "mariadb"}

    assert ask(INSTANCE_CLASS, **mariadb) == [("good", "RDS offers MariaDB 10.11 on db.t4g.small", "")]
    assert ask(INSTANCE_CLASS, **mariadb, MariaDbVersion="11.8") == [
        (
            "bad",
            "RDS does not offer MariaDB 11.8 on db.t4g.small in us-east-1",
            "set MariaDbVersion to 10.11, or InstanceClass to a class that it offers, such as db.t4g.small, in "
            "webapp.toml",
        )
    ]


def test_an_unknown_class_fails(aws: StandIn, ask):
    nonsense = [
        (
            "bad",
            "RDS does not offer PostgreSQL 17 on db.t9g.nonsense in us-east-1",
            "set InstanceClass to a class that it offers, such as db.t4g.small, in webapp.toml",
        )
    ]
    assert ask(INSTANCE_CLASS, InstanceClass="db.t9g.nonsense") == nonsense

    aws.refuse("rds:DescribeOrderableDBInstanceOptions", "InvalidParameterValue", "Invalid DB Instance class")
    assert ask(INSTANCE_CLASS, InstanceClass="db.t9g.nonsense") == nonsense


@pytest.mark.parametrize(
    ("engine", "name", "other"),
    [
        ("instance", "PostgreSQL 18 on db.t4g.small", "InstanceClass to a class that it offers, such as db.t4g.small"),
        ("aurora", "Aurora PostgreSQL 18 on db.serverless", "Engine to 'instance'"),
    ],
)
def test_a_version_that_the_class_lacks_fails(aws: StandIn, ask, engine, name, other):
    offers = [{"EngineVersion": each, "StorageType": "gp3"} for each in ("9.6.1", "16.9", "17.6")]
    aws.account(offers={name.rpartition(" ")[2]: offers})

    assert ask(INSTANCE_CLASS, Engine=engine, MajorVersion=18) == [
        (
            "bad",
            f"RDS does not offer {name} in us-east-1",
            f"set MajorVersion to 16 or 17, or {other}, in webapp.toml",
        )
    ]


@pytest.mark.parametrize(
    ("offer", "lacking", "stage"),
    [
        ({"StorageType": "gp2"}, "gp3 storage", {}),
        ({"SupportsStorageEncryption": False}, "encryption", {}),
        ({"SupportsIAMDatabaseAuthentication": False}, "logins with tokens (Credentials = 'iam')", {}),
        ({"MultiAZCapable": False}, "a standby, which production has", {"production": True}),
    ],
)
def test_a_class_without_what_the_template_needs_fails(aws: StandIn, ask, offer, lacking, stage):
    aws.account(offers={"db.t4g.small": [{"EngineVersion": "17.6", "StorageType": "gp3", **offer}]})

    assert ask(INSTANCE_CLASS, **stage) == [
        (
            "bad",
            f"RDS offers PostgreSQL 17 on db.t4g.small in us-east-1 without {lacking}",
            "set InstanceClass to another class, such as db.t4g.small, in webapp.toml",
        )
    ]


def test_what_a_stage_does_not_use_may_be_missing(aws: StandIn, ask):
    lacking = {"SupportsIAMDatabaseAuthentication": False, "MultiAZCapable": False}
    aws.account(offers={"db.t4g.small": [{"EngineVersion": "17.6", "StorageType": "gp3", **lacking}]})

    assert [each[0] for each in ask(INSTANCE_CLASS, Credentials="secretsmanager", Egress="nat")] == ["good"]


def test_a_running_database_keeps_its_class(aws: StandIn, plan):
    aws.account(offers={"db.t4g.small": []})
    same = {"Engine": "instance", "InstanceClass": "db.t4g.small", "MajorVersion": "17"}

    def database(**running: str) -> list[tuple[str, str, str]]:
        return shown(deployed(plan(), of={DATABASE: {}}, parameters={DATABASE: same | running}), INSTANCE_CLASS)

    assert database() == []
    assert [each[0] for each in database(InstanceClass="db.t4g.medium")] == ["bad"]


def test_the_key_of_the_measurements_must_exist(aws: StandIn, ask):
    # The first request starts moto, for longer than the check waits.
    aws.client("secretsmanager").list_secrets()

    assert ask(MEASUREMENT_KEY) == []
    assert ask(MEASUREMENT_KEY, MeasurementKeyArn=KEY) == [
        ("bad", f"MeasurementKeyArn = '{KEY}' does not exist", "correct or remove it in webapp.toml")
    ]


def test_the_application_must_be_able_to_read_the_key_of_the_measurements(aws: StandIn, ask):
    client = aws.client("secretsmanager")
    usable = client.create_secret(Name="usable", SecretString="key")["ARN"]
    empty = client.create_secret(Name="empty")["ARN"]
    locked = client.create_secret(Name="locked", SecretString="key", KmsKeyId="alias/own")["ARN"]
    deleted = client.create_secret(Name="deleted", SecretString="key")["ARN"]
    client.delete_secret(SecretId=deleted)

    found = {arn: ask(MEASUREMENT_KEY, MeasurementKeyArn=arn)[0] for arn in (usable, empty, locked, deleted)}

    assert found == {
        usable: ("good", "the secret with the key of the measurements exists", ""),
        empty: (
            "bad",
            f"MeasurementKeyArn: the secret {empty} has no value",
            f"`aws secretsmanager put-secret-value --secret-id {empty}` stores one",
        ),
        locked: (
            "bad",
            f"MeasurementKeyArn: the secret {locked} is encrypted with a key of your own, which the templates' roles "
            "may not use",
            "encrypt it with aws/secretsmanager, or eject the templates and grant kms:Decrypt",
        ),
        deleted: (
            "bad",
            f"MeasurementKeyArn: the secret {deleted} is being deleted",
            f"`aws secretsmanager restore-secret --secret-id {deleted}` keeps it",
        ),
    }
