"""The whole application behind a path, CloudFront and a load balancer that speaks HTTP with it."""

import re
from http.client import HTTPConnection

import pytest

from tests.integration.entrypoints.launcher import container

pytestmark = pytest.mark.profile_free

# Static files have no manifest unless they were collected, but with DEBUG.
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
# What CloudFront and an HTTP listener of a load balancer write.
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
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
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
def test_health_checks_answer_with_and_without_it(get, path):
    assert get(path)[0].status == 200


def test_http_is_redirected_to_the_public_host_and_path(get):
    response, _ = get("/shop/admin/login/?a=1", **{"CloudFront-Forwarded-Proto": "http"})

    assert (response.status, response.getheader("Location")) == (301, "https://www.example/shop/admin/login/?a=1")


def test_the_origins_own_name_is_no_host_of_the_application(get):
    assert get("/shop/admin/login/", **{"X-Forwarded-Host": None})[0].status == 400
