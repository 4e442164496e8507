"""Variables override the path and the host header of a project's own settings."""

import json
from http.client import HTTPConnection
from pathlib import Path

import aiohttp
import pytest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.launcher import PATIENT, REQUIRED, container
from tests.integration.entrypoints.test_launch import run

pytestmark = pytest.mark.profile_free

PROJECT = {
    "DJANGO_SETTINGS_MODULE": "tests.applications.fronted.settings",
    "PYTHONPATH": str(Path(__file__).parents[3]),
    "WEBAPP_WORKERS": "1",
    "WEBAPP_BASE_PATH": "/shop",
    "WEBAPP_HOST_HEADER": "X-Viewer-Host",
    "WEBAPP_ALLOWED_HOSTS": "public.example,forged.example",
}
ON_LAMBDA = REQUIRED | PROJECT | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_ROUTE": "direct"}
HEADERS = {
    "Host": "origin.internal",
    "X-Viewer-Host": "public.example",
    "X-Forwarded-Host": "forged.example",
    "X-Forwarded-Proto": "https",
}
PATHS = ("/shop/plain", "/shop/aplain", "/plain", "/aplain")
SEEN = [
    (200, {"link": "/shop/plain", "url": f"https://public.example/shop/{view}"})
    for view in ("plain", "aplain", "plain", "aplain")
]

OWN = pytest.mark.parametrize("own", ["/shop", "/shop/", "/", "/forced"])


@OWN
def test_variables_override_the_settings_in_a_container(tmp_path, own):
    answers = []
    with container(tmp_path / "log", **PROJECT, OWN_SCRIPT_NAME=own) as (_, port):
        for path in PATHS:
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path, headers=HEADERS)
            response = connection.getresponse()
            answers.append((response.status, json.loads(response.read())))
            connection.close()

    assert answers == SEEN


@OWN
async def test_variables_override_the_settings_on_lambda(tmp_path, own):
    environ = ON_LAMBDA | {"OWN_SCRIPT_NAME": own}
    function = Function(
        "fronted", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    answers = []
    async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=HEADERS) as session:
        for path in PATHS:
            async with session.get(target.url + path) as answer:
                answers.append((answer.status, await answer.json()))

    assert answers == SEEN


@pytest.mark.parametrize(("own", "warns"), [("/shop", False), ("/shop/", False), ("/forced", True)])
def test_another_script_name_gets_a_warning_and_is_listed(own, warns):
    checked = run("webapp", "check", "--explain", **REQUIRED | PROJECT | {"OWN_SCRIPT_NAME": own})

    assert checked.returncode == 0, checked.stderr
    assert f"FORCE_SCRIPT_NAME={own!r}" in checked.stderr or not warns
    assert ("(django_runtimes.W030)" in checked.stderr) is warns
    listed = " ".join(checked.stdout.split())
    assert "FORCE_SCRIPT_NAME changed: WEBAPP_BASE_PATH=/shop: the server passes" in listed
    assert "USE_X_FORWARDED_HOST changed: WEBAPP_HOST_HEADER=X-Viewer-Host: the public" in listed
