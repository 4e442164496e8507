"""The response to an outage has the format that the client accepts."""

import json
import re

import django
import pytest
from django.test import RequestFactory
from django.utils.module_loading import import_string

from django_runtimes.outages.outage import BUSY, OVERLOADED, TIMEOUT, UNAVAILABLE
from django_runtimes.outages.responses import outage_response
from django_runtimes.security.content_policy import as_django_csp

_POLICY = (
    "django.middleware.csp.ContentSecurityPolicyMiddleware"
    if django.VERSION >= (6, 0)
    else "csp.middleware.CSPMiddleware"
)
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def answer_outage(outage=UNAVAILABLE, path="/", method="GET", **headers):
    return outage_response(RequestFactory().generic(method, path, headers=headers), outage)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (_BROWSER, "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain, application/json;q=0.5", "text/plain; charset=utf-8"),
        ("*/*", "text/plain; charset=utf-8"),
        ("image/png", "text/plain; charset=utf-8"),
        ("", "text/plain; charset=utf-8"),
        ("no media type at all", "text/plain; charset=utf-8"),
    ],
)
def test_the_accept_header_decides_the_format(accept, content_type):
    response = answer_outage(accept=accept)

    assert response["Content-Type"] == content_type
    assert response["Vary"] == "Accept"
    assert response["Cache-Control"] == "no-store"


def test_without_an_accept_header_the_format_is_text():
    assert answer_outage().text == f"{UNAVAILABLE.message}\n"


@pytest.mark.parametrize("outage", [UNAVAILABLE, BUSY, TIMEOUT, OVERLOADED], ids=lambda outage: outage.code)
def test_json_has_the_shape_of_the_apis_other_errors(outage):
    response = answer_outage(outage, accept="application/json")

    assert response.status_code == outage.status
    assert response["Retry-After"] == str(outage.retry_after_s)
    assert json.loads(response.content) == {"error": {"code": outage.code, "message": outage.message}}


def test_the_api_answers_in_json_for_any_accept_header():
    assert answer_outage(path="/api/entries", accept=_BROWSER)["Content-Type"] == "application/json"


@pytest.mark.parametrize(("outage", "heading"), [(UNAVAILABLE, "back in a moment"), (TIMEOUT, "took too long")])
def test_browsers_get_a_page_in_the_applications_style(outage, heading):
    page = answer_outage(outage, accept=_BROWSER).text

    assert heading in page
    assert "guestbook" in page
    assert 'rel="stylesheet"' in page


def test_without_templates_the_response_is_text(settings):
    settings.TEMPLATES = []

    response = answer_outage(accept=_BROWSER)

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text == f"{UNAVAILABLE.message}\n"


def test_a_page_may_use_the_nonce_of_the_policy(settings):
    page = {"503.html": '<script nonce="{{ csp_nonce }}"></script>{{ request }}{{ user }}'}
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", page)]},
        }
    ]
    settings.SECURE_CSP = {"script-src": ["<CSP_NONCE_SENTINEL>"]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": as_django_csp(settings.SECURE_CSP)["DIRECTIVES"]}
    middleware = import_string(_POLICY)(lambda request: outage_response(request, UNAVAILABLE))

    response = middleware(RequestFactory().get("/", headers={"accept": _BROWSER}))

    (nonce,) = re.findall(r"'nonce-([^']+)'", response["Content-Security-Policy"])
    assert response.text == f'<script nonce="{nonce}"></script>'
    assert answer_outage(accept=_BROWSER).text == '<script nonce=""></script>'


def test_a_page_that_fails_to_render_is_replaced_by_text(settings, caplog):
    # The page links to the guestbook, which this URLconf does not have.
    settings.ROOT_URLCONF = "django.contrib.auth.urls"

    response = answer_outage(accept=_BROWSER)

    assert response.status_code == 503
    assert response["Retry-After"] == str(UNAVAILABLE.retry_after_s)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("Cannot render 503.html, so the response is plain text: NoReverseMatch(")


@pytest.mark.parametrize("accept", [_BROWSER, "application/json", "*/*"])
def test_a_head_request_gets_only_the_headers(accept):
    whole, head = answer_outage(accept=accept), answer_outage(method="HEAD", accept=accept)

    assert head.content == b""
    assert head["Content-Length"] == str(len(whole.content))
    assert head.headers == whole.headers
