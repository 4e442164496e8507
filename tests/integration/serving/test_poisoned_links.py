"""No request can make the application name another site in its pages, redirects, feeds and mails."""

import re
import socket
from pathlib import Path
from urllib.parse import unquote

import aiohttp
import pytest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.launcher import PATIENT, REQUIRED, container

pytestmark = pytest.mark.profile_free

LINKING = REQUIRED | {
    "DJANGO_SETTINGS_MODULE": "tests.applications.linking.settings",
    "PYTHONPATH": str(Path(__file__).parents[3]),
    "WEBAPP_WORKERS": "1",
}
HOST = "guestbook.example"
PATHS = ("/built", "/reset", "/reported", "/guarded", "/slash", "/sitemap.xml", "/news")
# Each attempt to name evil.example: the request's target, the host lines and further headers.
ATTEMPTS = {
    "none": (None, [HOST], []),
    "host": (None, ["evil.example"], []),
    "port": (None, [f"{HOST}:evil.example"], []),
    "port of another host": (None, [f"evil.example:{HOST}"], []),
    "port with userinfo": (None, [f"{HOST}:80@evil.example"], []),
    "userinfo": (None, [f"{HOST}@evil.example"], []),
    "path in the host": (None, [f"evil.example/{HOST}"], []),
    "fragment": (None, [f"evil.example#{HOST}"], []),
    "backslash": (None, [f"evil.example\\.{HOST}"], []),
    "list": (None, [f"{HOST}, evil.example"], []),
    "two hosts": (None, [HOST, "evil.example"], []),
    "two hosts, the other first": (None, ["evil.example", HOST], []),
    "subdomain": (None, [f"evil.example.{HOST}"], []),
    "absolute target": ("http://evil.example{path}", [HOST], []),
    "absolute target with userinfo": (f"http://{HOST}@evil.example{{path}}", [HOST], []),
    "two slashes": ("//evil.example{path}", [HOST], []),
    "X-Forwarded-Host": (None, [HOST], ["X-Forwarded-Host: evil.example"]),
    "X-Forwarded-Server": (None, [HOST], ["X-Forwarded-Server: evil.example"]),
    "X-Original-Host": (None, [HOST], ["X-Original-Host: evil.example"]),
    "X-Host": (None, [HOST], ["X-Host: evil.example"]),
    "X-Original-URL": (None, [HOST], ["X-Original-URL: http://evil.example/"]),
    "X-Rewrite-URL": (None, [HOST], ["X-Rewrite-URL: http://evil.example/"]),
    "Forwarded": (None, [HOST], ["Forwarded: host=evil.example;proto=http"]),
    "X-Forwarded-Port": (None, [HOST], ["X-Forwarded-Port: 6666"]),
    "X-Forwarded-Prefix": (None, [HOST], ["X-Forwarded-Prefix: //evil.example"]),
    "X-Script-Name": (None, [HOST], ["X-Script-Name: //evil.example", "Script-Name: //evil.example"]),
    "a header with an underscore": (None, [HOST], ["X_Forwarded_Host: evil.example"]),
}


def require_own(status, location, page, path):
    """Fail if a response names another site, or its own without HTTPS."""
    if status == 400:
        return
    named = re.findall(r"\b(https?)://([^/\s\"'<>?#]+)", unquote(f"{location}\n{page}"))
    named = [(scheme, host) for scheme, host in named if not host.endswith((".w3.org", "sitemaps.org"))]
    assert set(named) <= {("https", HOST)}, (status, named)
    assert not location.startswith("//")
    # An ordinary request has an answer that names the site.
    assert status in (200, 301, 302, 404)


@pytest.fixture(scope="module", params=["", "/shop"], ids=["root", "base path"])
def server(request, tmp_path_factory):
    log = tmp_path_factory.mktemp("linking") / "log"
    with container(log, **LINKING, WEBAPP_BASE_PATH=request.param) as (_, port):
        yield port, request.param


def exchange(port, target, hosts, headers):
    lines = [f"GET {target} HTTP/1.1", *(f"Host: {host}" for host in hosts), "X-Forwarded-Proto: https", *headers]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    head, _, page = answer.partition("\r\n\r\n")
    location = re.search(r"(?im)^location: (.*)$", head)
    return int(head.split()[1]), location[1].strip() if location else "", page


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_container_names_only_its_own_site(server, attempt):
    port, base_path = server
    target, hosts, headers = ATTEMPTS[attempt]
    for path in PATHS:
        wanted = (target or "{path}").format(path=base_path + path)

        status, location, page = exchange(port, wanted, hosts, headers)

        require_own(status, location, page, path)
        if attempt == "none":
            assert status in (200, 301, 302)
            assert path != "/reset" or page.strip().startswith(f"https://{HOST}{base_path}/confirm/")
            assert f"https://{HOST}/" in page or location.startswith((base_path + "/", "/accounts/login/"))


@pytest.mark.parametrize("scheme", ["http", "http, http", "https, http", "ftp", ""])
def test_a_request_without_https_is_redirected_to_the_own_site(server, scheme):
    port, base_path = server
    lines = [f"GET {base_path}/reset HTTP/1.1", f"Host: {HOST}", f"X-Forwarded-Proto: {scheme}"]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    assert answer.startswith("HTTP/1.1 301")
    assert f"location: https://{HOST}{base_path}/reset\r\n" in answer.lower()


async def test_a_function_names_only_its_own_site(tmp_path):
    environ = LINKING | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_ROUTE": "direct"}
    function = Function(
        "linking", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    async with LambdaTarget(function) as target, aiohttp.ClientSession() as session:
        for path in PATHS:
            for attempt, (_, hosts, further) in ATTEMPTS.items():
                if len(hosts) > 1 or "\\" in hosts[0]:
                    continue
                headers = dict(line.split(": ", 1) for line in further) | {"Host": hosts[0]}
                async with session.get(f"{target.url}{path}", headers=headers, allow_redirects=False) as answer:
                    page = await answer.text()
                    require_own(answer.status, answer.headers.get("Location", ""), page, path)
                    assert (answer.status == 400) == ("evil.example" in hosts[0]), attempt
