"""podman builds an image and pushes it to Debian's registry, where it is found by its digest."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.cli import ports, processes
from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.images import RegistryLogin
from django_runtimes.deploy.image_builder import ImageBuilder, find_builder
from tests.listening import listening

pytestmark = [
    pytest.mark.profile_free,
    pytest.mark.verbs,
    pytest.mark.needs("podman"),
    pytest.mark.needs("docker-registry"),
]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """The host and port of an empty registry."""
    port = ports.free_port()
    configuration = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    path = tmp_path / "registry.yml"
    path.write_text(json.dumps(configuration))
    program = processes.find_program("docker-registry")
    assert program is not None
    with listening([program, "serve", str(path)], port, environ={}, log=tmp_path / "registry.log"):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def podman(tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch) -> ImageBuilder:
    """podman with its own storage and logins, and with the registry allowed over plain HTTP."""
    storage = tmp_path / "storage.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path / "images"}"\nrunroot = "{tmp_path / "run"}"\n'
    )
    registries = tmp_path / "registries.conf"
    registries.write_text(f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(storage))
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(registries))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    # podman may leave files in its working directory.
    monkeypatch.chdir(tmp_path)
    program = shutil.which("podman")
    assert program is not None
    return ImageBuilder(ContainerEngine("podman", program, "4"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "Dockerfile").write_text('FROM scratch\nCOPY page /page\nENTRYPOINT ["/page"]\n')
    (directory / "page").write_text("content")
    return directory


def build(engine: ImageBuilder, project: Path) -> str:
    return engine.build(project, "shop:latest", architecture="x86_64", revision="0123abc", arguments=["--quiet"])


def test_a_pushed_image_is_one_manifest_in_the_registry(podman: ImageBuilder, project: Path, registry: str):
    image_id = build(podman, project)

    podman.log_in(RegistryLogin("AWS", "token", registry))
    podman.push("shop:latest", f"{registry}/shop:{image_id[:40]}")

    request = urllib.request.Request(
        f"http://{registry}/v2/shop/manifests/{image_id[:40]}", headers={"Accept": MANIFEST}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        manifest = json.loads(response.read())
        assert response.headers["Docker-Content-Digest"].startswith("sha256:")
    assert manifest["config"]["digest"] == f"sha256:{image_id}"


def test_an_image_names_its_architecture_and_revision(podman: ImageBuilder, project: Path):
    build(podman, project)

    described = podman.inspect("shop:latest")
    assert described["Architecture"] == "amd64"
    assert described["Config"]["Labels"]["org.opencontainers.image.revision"] == "0123abc"


def test_the_same_content_has_the_same_id(podman: ImageBuilder, project: Path):
    assert build(podman, project) == build(podman, project)


def test_a_failed_build_is_an_error(podman: ImageBuilder, project: Path):
    (project / "page").unlink()

    with pytest.raises(ToolError, match="`podman build` ended with exit code"):
        build(podman, project)


def test_a_missing_image_is_an_error(podman: ImageBuilder):
    with pytest.raises(ToolError, match="podman has no image 'shop:latest'; run `webapp build`"):
        podman.inspect("shop:latest")


def test_an_unusable_engine_is_named_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ToolError, match="docker does not work: Cannot connect to the Docker daemon; start it"):
        find_builder()
