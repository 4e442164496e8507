"""Images that `--image` may name; a fake engine describes them."""

import re

import pytest

from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.containers.image import MeasuredImage, find_image

DESCRIPTION = {
    "Id": "sha256:b20c",
    "Architecture": "arm64",
    "Size": 298_400_000,
    "Config": {
        "Entrypoint": ["python", "-m", "django_runtimes.entrypoints.launch"],
        "Labels": {"org.opencontainers.image.revision": "3f2a91c"},
    },
}


class FakeEngine(ContainerEngine):
    def inspect_image(self, reference):
        return {
            "ours": DESCRIPTION,
            "unlabelled": {**DESCRIPTION, "Config": {**DESCRIPTION["Config"], "Labels": None}},
            "nginx": {**DESCRIPTION, "Config": {"Entrypoint": ["/docker-entrypoint.sh"], "Labels": None}},
            "busybox": {**DESCRIPTION, "Config": {"Entrypoint": None}},
        }.get(reference)


class EmptyEngine(ContainerEngine):
    def inspect_image(self, reference):
        return None


PODMAN, DOCKER = EmptyEngine("podman", "/usr/bin/podman", "4.3.1"), FakeEngine("docker", "/usr/bin/docker", "28.2.2")


def test_an_image_is_described_by_the_first_engine_that_has_it():
    assert find_image("ours", [PODMAN, DOCKER]) == MeasuredImage(
        engine=DOCKER, reference="ours", id="sha256:b20c", architecture="arm64", size_mb=298, revision="3f2a91c"
    )


def test_an_image_without_labels_has_no_revision():
    assert find_image("unlabelled", [DOCKER]).revision is None


def test_an_image_with_an_empty_label_has_no_revision():
    label = {"org.opencontainers.image.revision": ""}
    description = {**DESCRIPTION, "Config": {**DESCRIPTION["Config"], "Labels": label}}

    class UnlabelledEngine(ContainerEngine):
        def inspect_image(self, reference):
            return description

    assert find_image("ours", [UnlabelledEngine("podman", "/usr/bin/podman", "4.3.1")]).revision is None


def test_the_error_says_where_make_image_keeps_its_image(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CONTAINERS_STORAGE_CONF", raising=False)
    (tmp_path / "webapp/image").mkdir(parents=True)
    (tmp_path / "webapp/image/storage.conf").touch()

    with pytest.raises(
        UsageError, match=r"or pull it; for images of `make image` run .*image_tools\.sh .venv/bin/webapp"
    ):
        find_image("localhost/webapp", [PODMAN])


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("absent:1", "an image that podman or docker has here; build it with `podman build --tag absent:1 .`, or"),
        (
            "nginx",
            "'nginx' has the entry point '/docker-entrypoint.sh', but a comparison needs django_runtimes.entrypoints",
        ),
        ("busybox", "'busybox' has the entry point 'none'"),
        ("", "'' is not the name of an image; use the form localhost/webapp:latest"),
        ("--all", "'--all' is not the name of an image"),
        ("two images", "'two images' is not the name of an image"),
    ],
)
def test_an_image_that_cannot_be_compared_is_refused(reference, complaint):
    with pytest.raises(UsageError, match=re.escape(complaint)):
        find_image(reference, [PODMAN, DOCKER])
