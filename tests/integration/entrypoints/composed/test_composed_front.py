"""A composed application behind a base path and a CDN."""

import json

import aiohttp
import pytest
import websockets

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.composed.test_composed import COMPOSED, ON_LAMBDA, PROJECT, ask, status_and_headers
from tests.integration.entrypoints.launcher import PATIENT, container

pytestmark = pytest.mark.profile_free

FRONT = {"WEBAPP_BASE_PATH": "/shop", "WEBAPP_PROTO_HEADER": "CloudFront-Forwarded-Proto"}
PUBLIC = {"X-Forwarded-Proto": "http", "CloudFront-Forwarded-Proto": "https"}
KEPT_OR_STRIPPED = pytest.mark.parametrize("base_path", ["/shop", ""], ids=["kept", "stripped"])


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with container(tmp_path_factory.mktemp("composed_front") / "log", **PROJECT, **FRONT) as (_, port):
        yield port


@KEPT_OR_STRIPPED
@pytest.mark.parametrize("mount", ["", "/legacy"])
@pytest.mark.parametrize("view", ["plain", "aplain"])
def test_django_is_served_below_the_base_path_and_its_mount(port, base_path, mount, view):
    status, seen = ask(port, "GET", f"{base_path}{mount}/{view}", **PUBLIC)

    assert (status, seen["path"], seen["link"]) == (200, f"/shop{mount}/{view}", f"/shop{mount}/plain")
    assert seen["secure"]


@KEPT_OR_STRIPPED
def test_fastapis_links_have_scheme_host_and_base_path(port, base_path):
    assert ask(port, "GET", f"{base_path}/api/item/7", **PUBLIC)[1]["link"] == (
        "https://guestbook.example/shop/api/item/7"
    )


@KEPT_OR_STRIPPED
async def test_a_websocket_has_scheme_and_base_path(port, base_path):
    address = f"ws://127.0.0.1:{port}{base_path}/echo"
    async with websockets.connect(address, additional_headers=PUBLIC, open_timeout=60) as websocket:
        await websocket.send(json.dumps("hello"))
        seen = json.loads(await websocket.recv())

    assert (seen["path"], seen["root_path"], seen["scheme"]) == ("/shop/echo", "/shop", "wss")


@pytest.mark.parametrize("path", ["/healthz", "/shop/healthz"])
def test_health_is_answered_with_and_without_the_base_path(port, path):
    assert ask(port, "GET", path) == (200, {"status": "ok"})


@KEPT_OR_STRIPPED
def test_djangos_redirects_and_cookies_stay_below_the_base_path(port, base_path):
    status, headers = status_and_headers(port, f"{base_path}/private", "https", **PUBLIC)
    assert (status, headers["location"]) == (302, "/shop/accounts/login/?next=/shop/private")

    status, headers = status_and_headers(port, f"{base_path}/message", "https", **PUBLIC)
    assert (status, headers["set-cookie"].startswith("messages=")) == (200, True)
    assert "Path=/shop;" in headers["set-cookie"]


async def test_on_lambda_mounts_and_links_are_below_the_base_path(tmp_path):
    environ = ON_LAMBDA | {"COMPOSED": f"{COMPOSED}.api.application", "WEBAPP_BASE_PATH": "/shop"}
    function = Function(
        "composed", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    links = []
    async with LambdaTarget(function) as target, aiohttp.ClientSession() as session:
        for base_path in ("/shop", ""):
            for path in ("/plain", "/legacy/plain", "/legacy/aplain", "/api/item/7"):
                headers = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
                async with session.get(target.url + base_path + path, headers=headers) as answer:
                    links.append((await answer.json())["link"])

    assert links == 2 * [
        "/shop/plain",
        "/shop/legacy/plain",
        "/shop/legacy/plain",
        "https://guestbook.example/shop/api/item/7",
    ]
