"""The processes of an image read their secrets before the settings, from an AWS that moto emulates."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import aiohttp
import boto3
import pytest

from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import REGION as FUNCTION_REGION
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.launcher import REQUIRED, connect, container
from tests.integration.entrypoints.test_own_handler import LAUNCH, Launched
from tests.moto import ACCESS_KEY, REGION, moto_server
from tests.secrets_manager import SecretsManager

pytestmark = pytest.mark.profile_free

VALUE = "first value ünï"
HEADERS = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
SETTINGS = """
import os
import sys
SHOWN = {name: os.environ[name] for name in ("API_KEY", "PASSWORD", "PORT_NUMBER", "DSN")}
INSTALLED_APPS = ["shop"]
DATABASES = {}
ROOT_URLCONF = "shop.urls"
from django_runtimes import configure
configure(globals())
CLIENTS = sorted({"boto3", "botocore", "urllib3"} & set(sys.modules))
"""
URLS = """
import os
from django.conf import settings
from django.http import JsonResponse
from django.urls import path
urlpatterns = [
    path("shown", lambda request: JsonResponse(settings.SHOWN)),
    path("now", lambda request: JsonResponse({name: os.environ[name] for name in settings.SHOWN})),
    path("clients", lambda request: JsonResponse({"loaded": settings.CLIENTS})),
]
"""
COMMAND = """
import json
from django.conf import settings
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    requires_system_checks = ()

    def handle(self, **options):
        self.stdout.write(json.dumps(settings.SHOWN))
"""


class Aws(SecretsManager):
    """The service, with a parameter and the variables of processes that use both."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
        keys = {name.lower(): value for name, value in ACCESS_KEY.items()}
        # The emulated function is in a region of its own, which it sets as Lambda does.
        for region in (REGION, FUNCTION_REGION):
            ssm = boto3.client("ssm", region_name=region, endpoint_url=url, **keys)
            ssm.put_parameter(Name="/shop/dsn", Value="https://dsn.example", Type="SecureString", Overwrite=True)
        self.api_key = self.store(VALUE)
        self.login = self.store({"password": "a password", "port": 5432})

    def references(self, **more: str) -> dict[str, str]:
        return {
            "API_KEY": self.api_key,
            "PASSWORD": f"{self.login}:password::",
            "PORT_NUMBER": f"{self.login}:port::",
            "DSN": "/shop/dsn",
            **more,
        }

    def variables(self, project: Path, references: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
        return {
            **REQUIRED,
            **ACCESS_KEY,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(project),
            "WEBAPP_RUNTIME": "aws_lambda",
            "WEBAPP_DB_ROUTE": "direct",
            "WEBAPP_SECRETS": json.dumps(references or self.references()),
            **more,
        }


def shown(api_key: str) -> dict[str, str]:
    return {"API_KEY": api_key, "PASSWORD": "a password", "PORT_NUMBER": "5432", "DSN": "https://dsn.example"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto") / "moto.log") as url:
        yield url


@pytest.fixture
def secrets(server: str) -> Aws:
    return Aws(server)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose settings need the variables."""
    commands = tmp_path / "shop" / "management" / "commands"
    commands.mkdir(parents=True)
    for path, source in {"settings": SETTINGS, "urls": URLS, "management/commands/show": COMMAND}.items():
        (tmp_path / "shop" / f"{path}.py").write_text(source)
    return tmp_path


def launched(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", LAUNCH, *words],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def function(project: Path, environ: dict[str, str], name: str = "web") -> Launched:
    return Launched(name, "", environ, project / "logs" / name, init_timeout_s=60, timeout_s=60)


async def answered(project: Path, environ: dict[str, str]) -> dict[str, str]:
    async with LambdaTarget(function(project, environ)) as target, aiohttp.ClientSession(headers=HEADERS) as session:
        return await values_at(session, f"{target.url}/shown")


async def values_at(session: aiohttp.ClientSession, url: str) -> dict[str, str]:
    async with session.get(url) as response:
        values: dict[str, str] = await response.json()
        return values


def logged(project: Path) -> str:
    return "".join(path.read_text() for path in (project / "logs").rglob("*.log"))


async def test_a_web_function_reads_its_secrets_before_the_settings(project: Path, secrets: Aws):
    environ = secrets.variables(project)

    first = await answered(project, environ)
    secrets.replace(secrets.api_key, "second value")
    after_a_cold_start = await answered(project, environ)

    assert first == shown(VALUE)
    assert after_a_cold_start == shown("second value")
    values = (VALUE, "second value", "a password", "dsn.example")
    assert [value for value in values if value in logged(project)] == []


async def test_a_web_function_reads_a_rotated_secret_again(project: Path, secrets: Aws):
    environ = secrets.variables(project, WEBAPP_SECRETS_TTL_S="1")

    async with LambdaTarget(function(project, environ)) as target, aiohttp.ClientSession(headers=HEADERS) as session:
        loaded = await values_at(session, f"{target.url}/clients")
        secrets.replace(secrets.api_key, "second value")
        await asyncio.sleep(1.1)
        rotated = await values_at(session, f"{target.url}/now")
        settings = await values_at(session, f"{target.url}/shown")
        secrets.delete(secrets.api_key)
        await asyncio.sleep(1.1)
        kept = await values_at(session, f"{target.url}/now")

    assert loaded == {"loaded": []}
    assert rotated == kept == shown("second value")
    # A setting keeps the value that it was computed from.
    assert settings == shown(VALUE)
    assert "API_KEY changed in AWS; settings that were computed from the former value keep it" in logged(project)
    assert f"the secret {secrets.api_key} cannot be read: ResourceNotFoundException; check" in logged(project)
    assert [value for value in (VALUE, "second value", "a password", "dsn.example") if value in logged(project)] == []


async def test_each_command_of_the_operations_function_reads_them_again(project: Path, secrets: Aws):
    environ = secrets.variables(project, WEBAPP_ALLOWED_COMMANDS="show", WEBAPP_DB_ROLE="operations")
    outputs = []
    async with LambdaEmulator(function(project, environ, "operations")) as emulator:
        for value in (VALUE, "second value"):
            secrets.replace(secrets.api_key, value)
            outputs.append(json.loads((await emulator.invoke(b'{"command": ["show"]}')).payload))

    assert [json.loads(answer["output"]) for answer in outputs] == [shown(VALUE), shown("second value")]
    assert emulator.started_count == 1


def test_a_container_reads_them_too(project: Path, secrets: Aws):
    environ = secrets.variables(project, WEBAPP_RUNTIME="aws_ecs", WEBAPP_WORKERS="1")
    with container(project / "log", **environ) as (_, port):
        connection = connect(port)
        connection.request("GET", "/shown", headers=HEADERS)
        values = json.loads(connection.getresponse().read())
        connection.close()

    assert values == shown(VALUE)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (
            {"API_KEY": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nowhere-a1B2c3"},
            "the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:nowhere-a1B2c3 cannot be read: "
            "ResourceNotFoundException; check the permission secretsmanager:GetSecretValue",
        ),
        ({"API_KEY": "{login}:user::"}, "is not a JSON object with the key 'user'; store one, or remove the key"),
        ({"API_KEY": "{api_key}:user::"}, "is not a JSON object with the key 'user'; store one, or remove the key"),
        ({"DSN": "/nowhere"}, "Parameter Store has no parameter '/nowhere' in eu-west-1; create it"),
        ({"API_KEY": "two words"}, "is neither a secret's ARN nor a parameter's name"),
    ],
)
def test_a_secret_that_cannot_be_read_is_named_in_one_line(
    references: dict[str, str], expected: str, project: Path, secrets: Aws
):
    filled = {
        name: reference.format(api_key=secrets.api_key, login=secrets.login) for name, reference in references.items()
    }

    refused = [
        launched(*words, **secrets.variables(project, secrets.references(**filled))) for words in ((), ("show",))
    ]

    for ended in refused:
        assert ended.returncode == 78, ended.stderr
        assert ended.stderr.startswith("webapp: ")
        assert expected in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
        assert VALUE not in ended.stderr
        assert "a password" not in ended.stderr
