"""The whole application below a base path, behind CloudFront and a load balancer's HTTP listener."""

import re
from http.client import HTTPConnection

import pytest

from tests.integration.entrypoints.launcher import REQUIRED, container
from tests.integration.entrypoints.test_launch import run

pytestmark = pytest.mark.profile_free

# With DEBUG, static files need no manifest of collectstatic.
BEHIND_CLOUDFRONT = {
    "WEBAPP_RUNTIME": "local",
    "WEBAPP_DEBUG": "1",
    "WEBAPP_HTTPS": "1",
    "WEBAPP_WORKERS": "1",
    "WEBAPP_ALLOWED_HOSTS": "www.example",
    "WEBAPP_BASE_PATH": "/shop",
    "WEBAPP_HOST_HEADER": "X-Forwarded-Host",
    "WEBAPP_PROTO_HEADER": "CloudFront-Forwarded-Proto",
}
# The headers of CloudFront and of a load balancer's HTTP listener.
REQUEST = {
    "Host": "origin.internal",
    "X-Forwarded-Host": "www.example",
    "X-Forwarded-Proto": "http",
    "CloudFront-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.1, 130.176.0.1",
}


@pytest.fixture(scope="module")
def get(tmp_path_factory):
    with container(tmp_path_factory.mktemp("front") / "log", **BEHIND_CLOUDFRONT) as (_, port):

        def ask(path, **changes):
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {name: value for name, value in (REQUEST | changes).items() if value is not None}
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read().decode()
            connection.close()
            return response, body

        yield ask


@pytest.mark.parametrize("path", ["/shop/admin/login/", "/admin/login/"], ids=["kept", "stripped"])
def test_a_page_links_below_the_base_path(get, path):
    response, page = get(path)

    assert response.status == 200
    assert set(re.findall(r'(?:href|src)="(/[^"]*?)(?:admin|static)/', page)) == {"/shop/"}
    assert "Path=/shop;" in response.getheader("Set-Cookie")


def test_redirects_stay_below_the_base_path(get):
    assert get("/shop/admin/")[0].getheader("Location") == "/shop/admin/login/?next=/shop/admin/"
    assert get("/admin")[0].getheader("Location") == "/shop/admin/"


def test_static_files_are_found_below_the_base_path(get):
    assert get("/shop/static/admin/css/base.css")[0].status == 200
    assert get("/static/admin/css/base.css")[0].status == 200


@pytest.mark.parametrize("path", ["/healthz", "/shop/healthz"])
def test_health_is_answered_with_and_without_the_base_path(get, path):
    assert get(path)[0].status == 200


def test_http_is_redirected_to_the_public_host_and_path(get):
    response, _ = get("/shop/admin/login/?a=1", **{"CloudFront-Forwarded-Proto": "http"})

    assert (response.status, response.getheader("Location")) == (301, "https://www.example/shop/admin/login/?a=1")


def test_the_origins_own_name_is_not_an_allowed_host(get):
    assert get("/shop/admin/login/", **{"X-Forwarded-Host": None})[0].status == 400


@pytest.mark.parametrize(
    ("base_path", "path"), [("/admin", "/login/"), ("/admin", "/admin/login/"), ("/static", "/admin/login/")]
)
def test_a_stripped_base_path_may_also_begin_a_url(tmp_path, base_path, path):
    """The public path is the base path plus the stripped path; only /admin/admin/login/ is a page."""
    variables = BEHIND_CLOUDFRONT | {"WEBAPP_BASE_PATH": base_path, "WEBAPP_BASE_PATH_STRIPPED": "1"}
    with container(tmp_path / "log", **variables) as (_, port):
        statuses = {}
        for requested in (path, "/static/admin/css/base.css", "/healthz", f"{base_path}/healthz"):
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", requested, headers=REQUEST)
            statuses[requested] = connection.getresponse().status
            connection.close()

    assert statuses.pop(path) == (200 if path == "/admin/login/" else 404)
    assert set(statuses.values()) == {200}


def test_a_command_links_below_the_base_path():
    link = "from django.urls import reverse; print(reverse('admin:index'))"

    shell = run("webapp", "shell", "--no-imports", "-c", link, **REQUIRED, WEBAPP_BASE_PATH="/shop")

    assert shell.stdout == "/shop/admin/\n", shell.stderr


def test_a_base_path_that_begins_a_url_gets_a_warning():
    checked = run("webapp", "check", **REQUIRED, WEBAPP_BASE_PATH="/api")

    assert checked.returncode == 0
    assert "(webapp.W017) WEBAPP_BASE_PATH='/api': the URL /api/" in checked.stderr


def test_the_sample_projects_settings_are_valid_with_a_base_path():
    checked = run("webapp", "check", **REQUIRED, WEBAPP_BASE_PATH="/shop")

    assert (checked.returncode, checked.stderr) == (0, "")
