"""An image is built by podman, pushed to Debian's registry and deployed by its digest."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.standin.overlay import database_overlay
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.verbs.conftest import create_registry
from tests.deploy.verbs.project import Project, before

PUSHED_BYTES = 24 * 1024**2

pytestmark = [
    pytest.mark.profile_free,
    pytest.mark.verbs,
    pytest.mark.needs("podman"),
    pytest.mark.needs("docker-registry"),
]


@pytest.fixture
def aws(tmp_path: Path, database_server) -> Iterator[StandIn]:
    """An AWS with a registry to which podman can push."""
    with (
        database_overlay(database_server) as overlay,
        standin(tmp_path / "aws", overlay=overlay, registry=True) as running,
    ):
        yield running


@pytest.fixture
def project(make_project, aws: StandIn, tmp_path: Path) -> Project:
    """A project with a small image, and podman with its own storage."""
    storage, registries = tmp_path / "storage.conf", tmp_path / "registries.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path / "images"}"\nrunroot = "{tmp_path / "run"}"\n'
    )
    registries.write_text(f'[[registry]]\nlocation = "{aws.registry}"\ninsecure = true\n')
    variables = {
        "CONTAINERS_STORAGE_CONF": str(storage),
        "CONTAINERS_REGISTRIES_CONF": str(registries),
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
    }
    made: Project = make_project(aws.environ | variables)
    (made.directory / "Dockerfile").write_text("FROM scratch\nCOPY page /page\n")
    (made.directory / "page").write_text("first")
    return made


def pushed(aws: StandIn) -> list[str]:
    """Return the digests of the images in the registry."""
    images = aws.client("ecr").describe_images(repositoryName="guestbook")["imageDetails"]
    return [image["imageDigest"] for image in images]


def test_an_image_is_deployed_by_digest_and_pushed_once(project: Project):
    first = project.json("deploy", "--yes")
    again = project.run("deploy", "--yes")
    (project.directory / "page").write_text("second")
    second = project.json("deploy", "--yes")

    assert first["image"].endswith(first["digest"])
    assert "the registry has it already" in again.stderr
    assert second["digest"] != first["digest"]
    assert project.json("rollback", "--yes")["digest"] == first["digest"]


def test_a_failed_build_changes_nothing(project: Project):
    first = project.json("deploy", "--yes")
    (project.directory / "page").unlink()

    assert "build` ended with exit code" in project.error("deploy", "--yes")
    assert project.json("status")["image"] == first["image"]


def test_a_killed_build_and_push_are_repeated(project: Project, aws: StandIn, tmp_path: Path):
    create_registry(aws)
    # With this file in place of a folder the registry accepts layers but no image, even if the kill comes late.
    obstacle = tmp_path / "aws/registry/docker/registry/v2/repositories/guestbook/_manifests"
    obstacle.parent.mkdir(parents=True)
    obstacle.touch()
    # Random bytes do not compress, so the push is still running when it is killed.
    (project.directory / "page").write_bytes(random.randbytes(PUSHED_BYTES))

    assert project.kill_at("STEP 1", "deploy", "--yes")
    assert project.kill_at("Copying blob", "deploy", "--yes")
    obstacle.unlink()
    unpushed = pushed(aws)
    project.kill_in(aws, before("cloudformation:CreateChangeSet", "guestbook-dev-operations"), "deploy", "--yes")
    resumed = project.run("deploy", "--yes")

    assert unpushed == []
    assert "the registry has it already" in resumed.stderr
    status = project.json("status")
    assert [status["image"].rpartition("@")[2]] == pushed(aws)
    assert [release["image"] for release in status["releases"]] == [status["image"]]
