"""Every region has a place where Amazon publishes its authorities, and the packaged bundle says which it has."""

import pytest

from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.rds_authorities import GUIDE, bundle_place, region_of_host, trusted_regions

pytestmark = pytest.mark.profile_free

COMMERCIAL = "https://truststore.pki.rds.amazonaws.com"
GOVERNMENT = "https://truststore.pki.us-gov-west-1.rds.amazonaws.com"
CHINA = "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("il-central-1", f"{COMMERCIAL}/il-central-1/il-central-1-bundle.pem"),
        ("us-gov-east-1", f"{GOVERNMENT}/us-gov-east-1/us-gov-east-1-bundle.pem"),
        ("us-gov-west-1", f"{GOVERNMENT}/us-gov-west-1/us-gov-west-1-bundle.pem"),
        ("cn-north-1", f"{CHINA}/cn-north-1/cn-north-1-bundle.pem"),
        ("cn-northwest-1", f"{CHINA}/cn-northwest-1/cn-northwest-1-bundle.pem"),
        ("us-iso-east-1", GUIDE),
        ("us-isob-east-1", GUIDE),
        ("eu-isoe-west-1", GUIDE),
        ("eusc-de-east-1", GUIDE),
    ],
)
def test_each_partition_has_a_place(region: str, place: str):
    assert bundle_place(region) == place


def test_the_packaged_bundle_has_only_the_public_partition():
    assert {"us-east-1", "eu-central-1", "ap-southeast-4"} <= trusted_regions()
    assert {region for region in trusted_regions() if region.startswith(("us-gov-", "cn-", "us-iso", "eusc-"))} == set()
    assert PACKAGED_ROOTS[Route.DIRECT].name == "rds.pem"


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("shop.c1abc.il-central-1.rds.amazonaws.com", "il-central-1"),
        ("shop.cluster-c1abc.us-gov-west-1.rds.amazonaws.com", "us-gov-west-1"),
        ("shop.proxy-c1abc.eu-west-1.rds.amazonaws.com", "eu-west-1"),
        ("shop.c1abc.rds.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("shop.c1abc.cn-north-1.rds.amazonaws.com.cn", "cn-north-1"),
        ("db.example.com", None),
        ("127.0.0.1", None),
        ("/run/postgresql", None),
        ("", None),
    ],
)
def test_the_region_of_a_host(host: str, region: str | None):
    assert region_of_host(host) == region
