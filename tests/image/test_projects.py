"""Images of the example projects, with the Dockerfile that `webapp init` writes, migrate and serve."""

import secrets
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.image.containers import container_environ, run_container
from tests.image.podman import BASE_IMAGE, build
from tests.integration.projects.example import Example

PAGES = {"stock": ("/", b"Europe/Zurich"), "gallery": ("/about/", b"0 pictures")}
# The owner of the last project listed the library by its name, so the Dockerfile names the wheel.
CASES = [("stock", ""), ("gallery", ""), ("stock", "django-runtimes[lambda,server,s3]\n")]


@pytest.fixture(scope="module", params=CASES, ids=["stock", "gallery", "stock that lists the library"])
def built(request, image, database_server, tmp_path_factory) -> Iterator[tuple[str, str, str]]:
    """Return a project's name, the image built from its Dockerfile, and the URL of an empty database."""
    folder: Path = tmp_path_factory.mktemp("projects")
    project, listed = request.param
    example = Example.copied(project, folder, database_url="", variables={})
    if listed:
        (example.folder / "requirements.txt").write_text(example.read("requirements.txt") + listed, encoding="utf-8")
    example.webapp("init", "--yes")
    name = f"image_{project}_{secrets.token_hex(4)}"
    create_database(database_server, name)
    yield project, build(context=example.folder, base_image=BASE_IMAGE), database_server.url(name)
    drop_database(database_server, name)


def test_an_adopted_project_migrates_and_serves(built, tmp_path):
    name, image, database_url = built
    environ = container_environ(database_url)
    with run_container(
        image, environ, arguments=["migrate", "--verbosity", "0"], log=tmp_path / "migrate"
    ) as migration:
        assert migration.wait() == 0, migration.logs()

    with run_container(image, environ, log=tmp_path / "serve") as serving:
        serving.wait_until_serving("/readyz")
        path, expected = PAGES[name]
        asked = urllib.request.Request(
            serving.url + path, headers={"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
        )
        with urllib.request.urlopen(asked, timeout=30) as response:
            assert expected in response.read()
        assert serving.execute("id", "-u").strip() == "10001"
        assert "WEBAPP_MODULE_BUNDLE" not in serving.logs()
    program = "import sys; print(type(sys.modules['django.db.models.query'].__loader__).__name__)"
    with run_container(image, environ, arguments=["shell", "-c", program], log=tmp_path / "shell") as shell:
        assert shell.wait() == 0, shell.logs()
        assert "BundledLoader" in shell.logs()
