"""The regions whose RDS authorities are in the packaged bundle, and where Amazon publishes the others."""

import re
import ssl
from functools import cache

from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.connection_strategy import Route

GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"
# The store of each partition, by the beginning of its regions' names. AWS's guide names the first two, and its guide
# for China (docs.amazonaws.cn) the third.
_STORES = (
    ("us-gov-", "https://truststore.pki.us-gov-west-1.rds.amazonaws.com"),
    ("cn-", "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn"),
)
_STORE = "https://truststore.pki.rds.amazonaws.com"
# Partitions that AWS's public guide does not describe.
_UNDESCRIBED = ("us-iso", "eu-iso", "eusc-")
# Amazon names each of RDS's authorities so; those of its test environments have another word before the region.
_AUTHORITY = re.compile(r"'Amazon RDS ([a-z]{2}(?:-[a-z]+)+-\d) Root CA ")
_HOST = re.compile(r"(?:\.(?P<region>[a-z]+(?:-[a-z]+)+-\d)\.rds|\.rds\.(?P<china>cn-[a-z]+-\d))\.amazonaws\.")


@cache
def trusted_regions() -> frozenset[str]:
    """Return the regions whose authorities are in the packaged bundle."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(PACKAGED_ROOTS[Route.DIRECT])
    return frozenset(_AUTHORITY.findall(repr(trust.get_ca_certs())))


def bundle_place(region: str) -> str:
    """Return the address of Amazon's bundle for a region, or of the guide where the address is not known."""
    if region.startswith(_UNDESCRIBED):
        return GUIDE
    store = next((store for prefix, store in _STORES if region.startswith(prefix)), _STORE)
    return f"{store}/{region}/{region}-bundle.pem"


def region_of_host(host: str) -> str | None:
    """Return the region of an endpoint of RDS, or None for any other host."""
    found = _HOST.search(host)
    return found and (found["region"] or found["china"])
