"""Starts the files in docs/compose.md as the document describes, and handlers that cannot be started."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import aiohttp
import pytest
import websockets

import webapp.settings
from django_runtimes.cli import processes
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.test_launch import REQUIRED, container

pytestmark = pytest.mark.profile_free

DOCUMENT = Path(__file__).parents[3] / "docs/compose.md"
# The rest of a project's settings, which the document omits. It does not ask whether uploads outlive the process.
SETTINGS = (
    Path(webapp.settings.__file__).read_text().partition("adopted = configure(globals())")[0]
    + 'GUESTBOOK_PICTURES = False\nGUESTBOOK_POST_RATE = None\nSILENCED_SYSTEM_CHECKS = ["django_runtimes.W024"]\n'
)
HANDLER = "config.aws_lambda.handler"
LAUNCH = "django_runtimes.entrypoints.launch"
# The modules that the document's files import.
IMPORTED_MODULES = {
    "consumers": """
from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path

class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        await self.send(text_data)

websocket_urls = [path("echo", Echo.as_asgi())]
""",
    "schedule": "def on_schedule(event):\n    return {'scheduled': event['id']}\n",
    "broken": "raise OSError('the disk is full')\n",
    "constant": "handler = 'a word'\n",
}
FRONT = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A folder with the document's files."""
    folder = tmp_path_factory.mktemp("project")
    blocks = re.findall(r"```python\n# (config/\w+\.py)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert [name for name, _ in blocks] == ["config/asgi.py", "config/settings.py", "config/aws_lambda.py"]
    (folder / "config").mkdir()
    for name, source in blocks:
        (folder / name).write_text((SETTINGS if name == "config/settings.py" else "") + source)
    for name, source in IMPORTED_MODULES.items():
        (folder / "config" / f"{name}.py").write_text(source)
    # The image contains the collected static files too.
    collected = launched("collectstatic", "--no-input", **variables(folder, WEBAPP_RUNTIME="local"))
    assert collected.returncode == 0, collected.stderr
    return folder


def variables(project: Path, **more: str) -> dict[str, str]:
    return {
        **REQUIRED,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(project),
        "WEBAPP_WORKERS": "1",
        "WEBAPP_STATIC_ROOT": str(project / "static"),
        **more,
    }


def on_lambda(project: Path, **more: str) -> dict[str, str]:
    return variables(project, WEBAPP_RUNTIME="aws_lambda", WEBAPP_DB_ROUTE="direct", **more)


def launched(*words: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", LAUNCH, *words],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


async def test_the_documents_application_is_served_in_a_container(project, tmp_path):
    with container(tmp_path / "log", **variables(project)) as (_, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        answers = []
        for path in ("/api/openapi.json", "/nowhere"):
            connection.request("GET", path, headers=FRONT)
            response = connection.getresponse()
            answers.append((response.status, b"openapi" in response.read(), response.headers["X-Frame-Options"]))
        connection.close()
        headers = {"X-Forwarded-Proto": "https"}
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/echo", additional_headers=headers, open_timeout=60
        ) as websocket:
            await websocket.send("hello")
            echo = await websocket.recv()

    assert answers == [(200, True, None), (404, False, "DENY")]
    assert echo == "hello"


@dataclass(frozen=True)
class Launched(Function):
    """A function from the image, with the command of its ImageConfig."""

    words: tuple[str, ...] = ()

    def start(self, *, runtime_api, log_stream, log):
        return processes.spawn(
            [self.python, "-m", LAUNCH, *self.words],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )


@pytest.mark.parametrize(
    ("words", "variable"),
    [((HANDLER,), ""), ((), HANDLER), ((HANDLER,), "config.constant.handler"), (("config/aws_lambda.handler",), "")],
)
async def test_a_function_starts_the_handler_that_it_names(project, tmp_path, words, variable):
    function = Launched("own", variable, on_lambda(project), tmp_path / "logs", init_timeout_s=60, words=words)
    async with LambdaEmulator(function) as emulator:
        answer = await emulator.invoke(json.dumps({"source": "aws.events", "id": "7"}).encode())

    assert json.loads(answer.payload) == {"scheduled": "7"}


# Without a command in the image, Lambda's local emulator sets _HANDLER to a word of the entry point.
@pytest.mark.parametrize(
    ("words", "variable"), [((HANDLER,), ""), *(((), value) for value in ("", "-m", LAUNCH, "none"))]
)
async def test_the_projects_and_the_librarys_handlers_serve_requests(project, tmp_path, words, variable):
    function = Launched("own", variable, on_lambda(project), tmp_path / "logs", init_timeout_s=60, words=words)
    statuses = []
    async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=FRONT) as session:
        for path in ("/api/openapi.json", "/nowhere", "/healthz"):
            async with session.get(target.url + path) as answer:
                statuses.append(answer.status)

    assert statuses == [200, 404, 200]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nowhere.handler", "there is no module 'nowhere'; name one that is on PYTHONPATH"),
        ("config.nowhere.handler", "there is no module 'config.nowhere'; name one that is on PYTHONPATH"),
        ("config.schedule.handler", "config.schedule has no handler; name a callable"),
        ("config.constant.handler", "config.constant has a non-callable object of that name; name a callable"),
    ],
)
@pytest.mark.parametrize("way", ["command", "_HANDLER"])
def test_an_unusable_handler_is_reported_in_one_line(project, way, name, complaint):
    words, more = ((name,), {}) if way == "command" else ((), {"_HANDLER": name})

    refused = launched(*words, **on_lambda(project, **more))

    assert refused.returncode == 78, refused.stderr
    assert refused.stderr.startswith(f"webapp: the handler {name!r} ")
    assert complaint in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


async def test_an_error_in_the_handlers_module_reaches_lambda(project, tmp_path):
    function = Launched(
        "own", "", on_lambda(project), tmp_path / "logs", init_timeout_s=60, words=("config.broken.handler",)
    )
    async with LambdaEmulator(function) as emulator:
        with pytest.raises(Exception, match="the disk is full"):
            await emulator.invoke(b"{}")


def test_a_command_runs_on_lambda_despite_a_handler(project):
    checked = launched("check", **on_lambda(project, _HANDLER=HANDLER))

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("runtime", ["aws_ecs", "aws_app_runner", "kubernetes", "local"])
def test_containers_refuse_handlers(project, runtime):
    refused = launched(HANDLER, **variables(project, WEBAPP_RUNTIME=runtime))

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"webapp: {HANDLER!r} is not a command")


@pytest.mark.parametrize("words", [(HANDLER,), ()])
async def test_an_operations_function_keeps_its_commands(project, tmp_path, words):
    environ = on_lambda(project, WEBAPP_ALLOWED_COMMANDS="check", WEBAPP_DB_ROLE="operations")
    function = Launched("operations", HANDLER, environ, tmp_path / "logs", init_timeout_s=60, words=words)
    async with LambdaEmulator(function) as emulator:
        answer = await emulator.invoke(b'{"command": ["check"]}')

    assert b"no issues" in answer.payload
