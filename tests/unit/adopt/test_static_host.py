"""WEBAPP_STATIC_HOST and WEBAPP_STATIC_BUCKET decide where browsers load static files."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import ready_project, settings_after

BUCKET = {"WEBAPP_STATIC_BUCKET": "shop-static"}
HOST = {"WEBAPP_STATIC_HOST": "static.shop.example"}


@pytest.mark.parametrize(
    ("own", "variables", "url"),
    [
        ("static/", HOST, "https://static.shop.example/static/"),
        ("/assets/", {**HOST, **BUCKET}, "https://static.shop.example/assets/"),
        ("https://old.example/assets/", HOST, "https://static.shop.example/assets/"),
        ("static/", {**HOST, "WEBAPP_BASE_PATH": "/shop"}, "https://static.shop.example/shop/static/"),
        (
            "static/",
            {**BUCKET, "AWS_REGION": "eu-central-1"},
            "https://shop-static.s3.eu-central-1.amazonaws.com/static/",
        ),
        (
            "static/",
            {**BUCKET, "AWS_DEFAULT_REGION": "cn-north-1"},
            "https://shop-static.s3.cn-north-1.amazonaws.com.cn/static/",
        ),
    ],
)
def test_static_files_come_from_another_host(own, variables, url):
    assert settings_after(ready_project(STATIC_URL=own), **variables)["STATIC_URL"] == url


def test_the_application_still_serves_them_for_a_cdn():
    settings = settings_after(ready_project(), **HOST)

    assert "whitenoise.middleware.WhiteNoiseMiddleware" in settings["MIDDLEWARE"]


def test_the_policy_allows_the_host():
    policy = settings_after(ready_project(), **HOST, WEBAPP_SECURITY_HEADERS="1")["SECURE_CSP"]

    assert {name for name, values in policy.items() if "https://static.shop.example" in values} == {
        "script-src",
        "style-src",
        "font-src",
        "img-src",
    }


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (BUCKET, "WEBAPP_STATIC_BUCKET='shop-static' is set, but neither AWS_REGION nor WEBAPP_STATIC_HOST is"),
        ({"WEBAPP_STATIC_BUCKET": "shop.static", "AWS_REGION": "eu-west-1"}, "'shop.static' has a dot, so no"),
        ({"WEBAPP_STATIC_BUCKET": "s3://shop"}, "WEBAPP_STATIC_BUCKET='s3://shop' is not the name of a bucket"),
        ({"WEBAPP_STATIC_HOST": "https://cdn.example"}, "WEBAPP_STATIC_HOST='https://cdn.example' is not a host name"),
        ({"WEBAPP_STATIC_HOST": "cdn.example/static"}, "is not a host name; write it without a scheme or a path"),
    ],
)
def test_values_that_cannot_work(variables, message):
    with pytest.raises(ConfigurationError, match=message):
        settings_after(ready_project(), **variables)


def test_a_project_without_static_files():
    project = ready_project()
    del project["STATIC_URL"]

    with pytest.raises(ConfigurationError, match="WEBAPP_STATIC_HOST is set, but the settings have no STATIC_URL"):
        settings_after(project, **HOST)
