"""The variants of the image with the driver of Oracle or SQL Server, which no server here accepts."""

from pathlib import Path

import pytest

from tests.image.containers import container_environ, run_container
from tests.image.podman import build_variant, podman

pytestmark = pytest.mark.weekly

_COUNT_RDS_ROOTS = """
import ssl

print(sum("Amazon RDS" in str(authority) for authority in ssl.create_default_context().get_ca_certs()))
"""


@pytest.fixture(scope="module")
def oracle(image: str) -> str:
    return build_variant("oracle")


@pytest.fixture(scope="module")
def sql_server(image: str) -> str:
    return build_variant("mssql")


def run(image: str, url: str, log: Path, *arguments: str) -> tuple[int, str]:
    """Run a command of the image, and return its exit code and its output with single spaces."""
    with run_container(image, container_environ(url), log=log, arguments=arguments) as container:
        return container.wait(), " ".join(container.logs().split())


def test_oracles_driver_is_in_its_image(oracle, log):
    exit_code, output = run(oracle, "oracle://app:hunter2@127.0.0.1:1/service", log, "doctor", "database")

    assert (exit_code, "DPY-6005: cannot connect to database" in output) == (1, True), output
    assert "hunter2" not in output


def test_microsofts_driver_is_in_its_image(sql_server, log):
    exit_code, output = run(sql_server, "mssql://app:hunter2@127.0.0.1:1/app", log, "doctor", "database")

    assert (exit_code, "[Microsoft][ODBC Driver 18 for SQL Server]" in output) == (1, True), output
    assert "hunter2" not in output


def test_microsofts_driver_finds_the_roots_of_rds(sql_server):
    roots = podman("run", "--rm", "--entrypoint", "python", sql_server, "-c", _COUNT_RDS_ROOTS)

    assert int(roots) > 50


@pytest.mark.parametrize("url", ["oracle://app:hunter2@db.example:2484/service", "mssql://app:hunter2@db.example/app"])
def test_the_sample_passes_the_checks_in_its_image(oracle, sql_server, log, url):
    exit_code, output = run(oracle if url.startswith("oracle") else sql_server, url, log, "check")

    assert exit_code == 0, output
    assert "System check identified no issues" in output


def test_the_image_without_a_driver_names_the_missing_extra(image, log):
    exit_code, output = run(image, "oracle://app:hunter2@db.example:2484/service", log, "check")

    assert (exit_code, "[oracle]" in output) == (78, True), output
