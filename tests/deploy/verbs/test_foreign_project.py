"""The verbs work in another project's folder, with the installed wheel and without the source."""

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.installed_wheel import InstalledWheel, install_wheel
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import DOCKER

pytestmark = pytest.mark.profile_free

SETTINGS = """
ALLOWED_HOSTS = []
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
ROOT_URLCONF = "config.urls"
SECRET_KEY = "only-for-the-tests-" + "0123456789" * 5
STATIC_URL = "static/"
USE_TZ = True

from django_runtimes import configure
configure(globals())
"""
URLS = """
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(f"a shop with {User.objects.count()} users"))]
"""


class Shop:
    """A separate project in whose folder verbs run."""

    def __init__(self, directory: Path, installed: InstalledWheel, aws: StandIn) -> None:
        self.directory = directory
        self._installed = installed
        self._aws = aws

    def run(self, *arguments: str, exit_code: int = 0, folder: str = ".") -> subprocess.CompletedProcess[str]:
        ended = self._installed.run("webapp", *arguments, directory=self.directory / folder, environ=self._aws.environ)
        assert ended.returncode == exit_code, ended.stdout + ended.stderr
        return ended

    def json(self, verb: str, *arguments: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.run(verb, "--json", *arguments).stdout)
        return content


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> InstalledWheel:
    wheel = install_wheel(tmp_path_factory.mktemp("wheel"))
    docker = wheel.programs / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    return wheel


@pytest.fixture
def make_shop(tmp_path: Path, installed: InstalledWheel) -> Callable[[StandIn], Shop]:
    """Creates the project's folder for one stand-in."""
    return lambda aws: _make_shop(tmp_path, installed, aws)


@pytest.fixture
def shop(make_shop, aws: StandIn) -> Shop:
    return make_shop(aws)


def _make_shop(tmp_path: Path, installed: InstalledWheel, aws: StandIn) -> Shop:
    directory = tmp_path / "shop"
    (directory / "config").mkdir(parents=True)
    (directory / "config/__init__.py").touch()
    (directory / "config/settings.py").write_text(SETTINGS)
    (directory / "config/urls.py").write_text(URLS)
    (directory / "pyproject.toml").write_text('[tool.webapp]\nsettings = "config.settings"\n')
    (directory / "Dockerfile").write_text("FROM scratch\n")
    # The project may use a folder of this name for its own purposes.
    (directory / "deploy").mkdir()
    (directory / "deploy/production.sh").write_text("#!/bin/sh\n")
    return Shop(directory, installed, aws)


def write_configuration(shop: Shop, *, stages: tuple[str, ...] = ("dev",)) -> None:
    shop.run("deploy", "init", "--project", "shop", "--region", "us-east-1", "--target", "aws_lambda")
    if stages != ("dev",):
        content = 'project = "shop"\nregion = "us-east-1"\n[parameters.lambda]\nShift = "AllAtOnce"\n'
        content += "".join(f'[stages.{stage}]\ntarget = "aws_lambda"\n' for stage in stages)
        (shop.directory / "webapp.toml").write_text(content)


def test_a_deploy_uses_the_wheels_templates(shop: Shop, aws: StandIn, installed: InstalledWheel):
    write_configuration(shop)

    planned = shop.run("deploy", "--dry-run", folder="config")

    assert f"templates: {installed.package}/deploy/cloudformation, of django-runtimes " in planned.stderr
    assert "docker would build the image for x86_64" in planned.stderr
    assert "cloudformation:ExecuteChangeSet" not in aws.calls()
    assert "shop:latest is 1" in shop.run("build").stdout
    assert "image    none" in shop.run("status").stdout


def test_the_stacks_are_created_and_deleted(shop: Shop, aws: StandIn):
    write_configuration(shop)

    # The built image cannot be pushed: the stand-in has no registry here.
    shop.run("deploy", "--yes", exit_code=1)
    made = shop.json("status")["stacks"]
    shop.run("destroy", "--data", "--yes")

    assert {"shop-registry", "shop-dev-network", "shop-dev-database", "shop-dev-proxy"} <= made.keys()
    assert list(shop.json("status")["stacks"]) == ["shop-registry"]


def page_of(aws: StandIn, endpoint: str) -> str:
    trust = ssl.create_default_context(cafile=aws.environ["SSL_CERT_FILE"])
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": aws.environ["HTTPS_PROXY"]}), urllib.request.HTTPSHandler(context=trust)
    )
    with opener.open(endpoint, timeout=60) as response:
        return str(response.read().decode())


@pytest.mark.verbs
def test_every_verb_works(make_shop, aws_with_database: StandIn):
    shop: Shop = make_shop(aws_with_database)
    write_configuration(shop, stages=("dev", "staging"))
    # This creates every stack that needs no image, and fails at the push.
    shop.run("deploy", "--stage", "dev", "--yes", exit_code=1)
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    first, second = (
        aws_with_database.push("shop", tag, variables=variables, python_path=shop.directory) for tag in ("v1", "v2")
    )

    deployed = shop.json("deploy", "--stage", "dev", "--image", first, "--yes")
    page = page_of(aws_with_database, deployed["endpoint"])
    updated = shop.json("deploy", "--stage", "dev", "--image", second, "--yes")
    back = shop.json("rollback", "--stage", "dev", "--yes")
    managed = shop.json("manage", "--stage", "dev", "--", "check")
    promoted = shop.json("promote", "--stage", "dev", "--to", "staging", "--yes")
    logs = shop.run("logs", "--stage", "dev", "--of", "operations").stdout
    destroyed = shop.json("destroy", "--stage", "dev", "--yes")

    assert page == "a shop with 0 users"
    assert [deployed["digest"], updated["digest"], back["digest"]] == [first, second, first]
    assert (managed["exit_code"], promoted["digest"]) == (0, first)
    assert shop.json("open", "--stage", "staging")["endpoint"] == promoted["endpoint"]
    assert "check" in logs
    assert "shop-dev-lambda" in destroyed["deleted"]


def test_ejected_templates_are_used(shop: Shop):
    write_configuration(shop)

    refused = shop.run("init", "--eject", exit_code=2)
    (shop.directory / "deploy").rename(shop.directory / "scripts")
    shop.run("init", "--eject")
    template = shop.directory / "deploy/foundation/network.yaml"
    template.write_text(template.read_text().replace("Description:", "Description: >-\n  Our own.", 1))
    planned = shop.run("deploy", "--dry-run")

    assert "deploy exists already, and --eject overwrites nothing" in refused.stderr
    assert f"templates: {shop.directory}/deploy, this project's own, ejected from django-runtimes " in planned.stderr
    assert "edited in this project: foundation/network.yaml" in planned.stderr


def test_templates_are_ejected_beside_the_projects_block(shop: Shop):
    (shop.directory / "pyproject.toml").write_text('[tool.webapp]\nsettings = "config.settings"\n')
    (shop.directory / "deploy").rename(shop.directory / "scripts")

    said = shop.run("init", "--eject", "--dry-run", folder="config").stdout

    assert said.endswith(f" would be copied to {shop.directory}/deploy\n")


def test_the_doctor_reports_the_parts_that_a_deploy_uses(shop: Shop, installed: InstalledWheel):
    write_configuration(shop)

    (section,) = json.loads(shop.run("doctor", "aws", "--json").stdout)["sections"]
    texts = [finding["text"] for finding in section["findings"]]

    assert texts[0] == "docker builds and pushes the image"
    assert texts[2].startswith(f"templates: {installed.package}/deploy/cloudformation, of django-runtimes")
    assert "dev, aws_lambda: 0 stacks exist; the image is none" in texts


def test_dockerfile_webapp_takes_precedence(shop: Shop):
    write_configuration(shop)
    own = shop.run("build").stderr
    (shop.directory / "Dockerfile.webapp").write_text("FROM scratch\n")

    assert f" --file={shop.directory}/Dockerfile " in own
    assert f" --file={shop.directory}/Dockerfile.webapp " in shop.run("build").stderr
    named = shop.run("build", "--build-argument=--file=other/Dockerfile").stderr
    assert "--file=other/Dockerfile" in named
    assert "Dockerfile.webapp" not in named


def test_without_a_dockerfile_nothing_is_created(shop: Shop, aws: StandIn):
    write_configuration(shop)
    (shop.directory / "Dockerfile").unlink()

    refused = shop.run("deploy", "--yes", exit_code=1).stderr

    assert f"there is no Dockerfile in {shop.directory} to build the image from; `webapp init` writes" in refused
    assert "cloudformation:CreateChangeSet" not in aws.calls()
