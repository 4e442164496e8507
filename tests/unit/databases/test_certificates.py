import re
import ssl
import time
from pathlib import Path

import pytest

import django_runtimes.databases
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.databases.certificates import require_root_certificates

ROOTS = Path(django_runtimes.databases.__file__).parent / "roots"


def certificates(name: str) -> list[dict]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ROOTS / name)
    return context.get_ca_certs()


def common_names(name: str) -> list[str]:
    return [value for found in certificates(name) for ((key, value),) in found["subject"] if key == "commonName"]


@pytest.mark.parametrize("name", ["rds.pem", "amazon.pem"])
def test_every_certificate_can_be_read_and_is_valid(name):
    found = certificates(name)

    assert len(found) == (ROOTS / name).read_text().count("BEGIN CERTIFICATE")
    assert min(ssl.cert_time_to_seconds(certificate["notAfter"]) for certificate in found) > time.time()


def test_the_direct_route_trusts_the_roots_of_the_regions():
    regions = {
        region for name in common_names("rds.pem") for region in re.findall(r"RDS ([a-z]{2}(?:-[a-z]+)+-\d) ", name)
    }

    assert {"us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1"} <= regions
    assert len(regions) >= 27


def test_the_proxy_route_trusts_amazons_five_roots():
    assert sorted(common_names("amazon.pem")) == [
        *(f"Amazon Root CA {number}" for number in range(1, 5)),
        "Starfield Services Root Certificate Authority - G2",
    ]


def test_a_missing_file_is_reported_in_one_line():
    with pytest.raises(ConfigurationError, match=r"'/no/where.pem'.+\(No such file or directory\); correct") as error:
        require_root_certificates("default", {"OPTIONS": {"sslrootcert": "/no/where.pem"}}, {})

    assert "\n" not in str(error.value)


def test_existing_and_unneeded_files_are_accepted():
    for options in ({"sslrootcert": str(ROOTS / "rds.pem")}, {"sslrootcert": "system"}, {}):
        require_root_certificates("default", {"OPTIONS": options}, {})
