"""A region whose databases nobody could verify is refused before anything is created."""

import boto3
import pytest

from django_runtimes.databases.rds_authorities import trusted_regions
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

REFUSED = (
    "webapp deploy: the library has no root certificate of RDS for the region il-central-1, so no login there could "
    "verify the database; choose another region, or add Amazon's bundle "
    "(https://truststore.pki.rds.amazonaws.com/il-central-1/il-central-1-bundle.pem) to the image and its path there "
    "to webapp.toml, as WEBAPP_DB_ROOT_CERTIFICATES under [stages.dev.environment]"
)


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    made: Project = make_project(aws.environ)
    path = made.directory / "webapp.toml"
    path.write_text(path.read_text().replace('region = "us-east-1"', 'region = "il-central-1"'))
    return made


def test_a_region_without_a_packaged_root_is_refused(project: Project, aws: StandIn):
    assert project.error("deploy", "--yes", exit_code=2) == REFUSED
    assert project.error("deploy", "--dry-run", exit_code=2) == REFUSED
    assert "no root certificate of RDS" in " ".join(project.run("doctor", "aws", exit_code=1).stdout.split())
    assert "cloudformation:CreateChangeSet" not in aws.calls()


def test_a_region_with_a_bundle_in_the_image_is_accepted(project: Project, docker):
    path = project.directory / "webapp.toml"
    own = '\n[stages.dev.environment]\nWEBAPP_DB_ROOT_CERTIFICATES = "/app/il-central-1-bundle.pem"\n'
    path.write_text(path.read_text() + own)

    shown = project.run("deploy", "--dry-run", PATH=f"{docker.parent}:{project.environ['PATH']}")

    assert "guestbook-dev-database would be created" in shown.stderr


def test_the_refused_regions_are_those_without_an_authority():
    regions = set(boto3.session.Session().get_available_regions("rds"))

    assert sorted(regions - trusted_regions()) == [
        "ap-east-2",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "il-central-1",
        "mx-central-1",
    ]
    assert trusted_regions() <= regions
