"""A stage's own variables and secrets reach every process, and no secret is visible in AWS or in an output."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

FIRST, SECOND, DSN = "first-Zx81-ünï", "second-Zx82", "https://dsn-Zx83.example"
SITE_NAME = "Zx80 ünï ${Stage} '\"\\ 🎉"
SECRET_WORDS = ("Zx81", "Zx82", "Zx83", "Zx84")
# The stack of each target's runtime.
TARGETS = {"aws_lambda": "lambda", "aws_app_runner": "apprunner", "aws_ecs": "fargate", "aws_ecs_express": "express"}

# A page and a command that show the values to the test.
SETTINGS = """
import os
from webapp.settings import *
SHOWN = {name: os.environ[name] for name in ("SITE_NAME", "EMPTY", "API_KEY", "PASSWORD", "DSN")}
ROOT_URLCONF = "shown.urls"
"""
URLS = """
from django.conf import settings
from django.http import JsonResponse
from django.urls import path
from webapp.urls import urlpatterns
urlpatterns = [path("shown", lambda request: JsonResponse(settings.SHOWN)), *urlpatterns]
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "modules"
    (folder / "shown").mkdir(parents=True)
    (folder / "shown" / "settings.py").write_text(SETTINGS)
    (folder / "shown" / "urls.py").write_text(URLS)
    return folder


def shown(api_key: str) -> dict[str, str]:
    return {"SITE_NAME": SITE_NAME, "EMPTY": "", "API_KEY": api_key, "PASSWORD": "pw-Zx84", "DSN": DSN}


def configure(project: Project, aws: StandIn) -> None:
    """Give the stage variables, two secrets and a parameter."""
    login = aws.client("secretsmanager").create_secret(
        Name="login", SecretString=json.dumps({"user": "ada", "password": "pw-Zx84"})
    )
    aws.client("ssm").put_parameter(Name="/guestbook/dsn", Value=DSN, Type="SecureString")
    path = project.directory / "webapp.toml"
    path.write_text(
        path.read_text().replace("[stages.dev.parameters]\n", '[stages.dev.parameters]\nEgress = "nat"\n')
        + f"\n[stages.dev.environment]\nSITE_NAME = {json.dumps(SITE_NAME, ensure_ascii=False)}\nEMPTY = ''\n"
        'DJANGO_SETTINGS_MODULE = "shown.settings"\n'
        f'\n[stages.dev.secrets]\nPASSWORD = "{login["ARN"]}:password::"\nDSN = "/guestbook/dsn"\n'
    )
    (project.directory / "pyproject.toml").write_text(
        '[tool.webapp]\nsettings = "webapp.settings"\nenvironment = ["SITE_NAME", "API_KEY"]\n'
    )


def page(aws: StandIn, endpoint: str) -> dict[str, str]:
    status, body = aws.get(f"{endpoint.rstrip('/')}/shown")
    assert status == 200, body
    values: dict[str, str] = json.loads(body)
    return values


def changing(dry_run: dict[str, Any]) -> set[str]:
    return {stack["stack"] for stack in dry_run["stacks"] if stack["action"] != "none"}


@pytest.mark.parametrize("target", TARGETS)
def test_own_settings_reach_every_process(target: str, make_project, aws_with_database: StandIn, modules: Path):
    aws = aws_with_database
    project: Project = make_project(aws.environ, target=target)
    configure(project, aws)
    create_registry(aws)
    image = aws.push("guestbook", "v1", python_path=modules)
    ended: list[subprocess.CompletedProcess[str]] = []

    refused = project.error("deploy", "--image", image, "--yes", exit_code=2)
    ended.append(project.pipe(FIRST, "secrets", "set", "API_KEY"))
    ended.append(project.run("deploy", "--image", image, "--yes", "--json"))
    endpoint = json.loads(ended[-1].stdout)["endpoint"]
    first = page(aws, endpoint)
    ended.append(project.run("manage", "--", "check", "--deploy"))
    ended.append(project.pipe(SECOND, "secrets", "set", "API_KEY"))
    preview = project.json("deploy", "--image", image, "--dry-run")
    ended.append(project.run("deploy", "--image", image, "--yes"))
    second = page(aws, endpoint)
    repeated = project.json("deploy", "--image", image, "--dry-run")
    ended += [project.run("status"), project.run("logs"), project.run("logs", "--of", "operations")]

    assert "API_KEY: [tool.webapp] environment lists it, and the stage dev has no value for it" in refused
    assert (first, second) == (shown(FIRST), shown(SECOND))
    assert changing(preview) == {"guestbook-dev-operations", f"guestbook-dev-{TARGETS[target]}"}
    assert changing(repeated) == set()
    visible = aws.visible_records() + "".join(each.stdout + each.stderr for each in ended)
    assert "Zx80" in visible
    assert [word for word in SECRET_WORDS if word in visible] == []
    assert_permitted(aws, besides=frozenset({"secretsmanager:GetSecretValue", "ssm:GetParameters"}))


def test_own_settings_reach_a_task(make_project, aws_with_database: StandIn, modules: Path):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    configure(project, aws)
    project.pipe(FIRST, "secrets", "set", "API_KEY")
    create_registry(aws)
    project.run("deploy", "--image", aws.push("guestbook", "v1", python_path=modules), "--yes")

    # The settings do not load without the variables.
    checked = project.json("manage", "--task", "--yes", "--", "check")

    assert checked["exit_code"] == 0, checked["output"]
