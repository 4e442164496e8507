import re
import ssl
import time
from pathlib import Path

import pytest
import trustme

import django_runtimes.databases
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.databases.certificates import require_tls_files

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
        require_tls_files("default", {"OPTIONS": {"sslrootcert": "/no/where.pem"}}, {})

    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def client_files(tmp_path_factory) -> dict[str, str]:
    """Return the paths of a client's certificate and of its key."""
    issued = trustme.CA().issue_cert("shop.example")
    folder = tmp_path_factory.mktemp("client")
    issued.cert_chain_pems[0].write_to_path(folder / "certificate")
    issued.private_key_pem.write_to_path(folder / "key")
    return {file: str(folder / file) for file in ("certificate", "key")}


def entry_with(engine: str, mode: str, **files: str) -> dict:
    return {"ENGINE": f"django_runtimes.databases.{engine}", "OPTIONS": {"sslmode": mode, **files}}


@pytest.mark.parametrize(
    ("engine", "option", "file"),
    [
        ("mysql", "sslrootcert", "key"),
        ("oracle", "sslrootcert", "key"),
        ("mysql", "sslcert", "key"),
        ("mysql", "sslkey", "certificate"),
        ("mysql", "sslkey", "missing"),
    ],
)
def test_files_that_tls_cannot_use_are_refused_before_a_connection(client_files, engine, option, file):
    path = client_files.get(file, "/no/where.pem")
    files = {"sslcert": client_files["certificate"]} if option == "sslkey" else {}

    with pytest.raises(ConfigurationError) as error:
        require_tls_files("shop", entry_with(engine, "verify-full", **files, **{option: path}), {})

    assert str(error.value).startswith("DATABASES['shop'] has ssl")
    assert f"{option}={path!r}" in str(error.value)
    assert "which cannot be used for TLS (" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("engine", "mode"), [("mysql", "require"), ("mysql", "disable"), ("postgresql", "verify-full")]
)
def test_usable_and_unused_files_are_accepted(client_files, engine, mode):
    unused = {} if mode == "require" else {"sslkey": client_files["certificate"]}
    files = {"sslcert": client_files["certificate"], "sslkey": client_files["key"], **unused}

    require_tls_files("shop", entry_with(engine, mode, **files), {})


def test_existing_and_unneeded_files_are_accepted():
    for options in ({"sslrootcert": str(ROOTS / "rds.pem")}, {"sslrootcert": "system"}, {}):
        require_tls_files("default", {"OPTIONS": options}, {})
