"""WEBAPP_SECURITY_HEADERS sets the policies that a project has not set itself."""

from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.steps import security_headers
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.serving.middleware.middleware_modes import needs_asynchronous_chain
from tests.unit.adopt.projects import ready_project, settings_after

SECURITY = "django.middleware.security.SecurityMiddleware"
PERMISSIONS = "django_permissions_policy.PermissionsPolicyMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
DJANGO_CSP = "csp.middleware.CSPMiddleware"
DJANGOS = "django.middleware.csp.ContentSecurityPolicyMiddleware"
NONCE = "<CSP_NONCE_SENTINEL>"
ENGINE = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "OPTIONS": {"context_processors": ["shop.cart"]},
}
ON = {"WEBAPP_SECURITY_HEADERS": "1"}


@pytest.fixture(params=[False, True], ids=["django-csp", "django"])
def has_csp(request, monkeypatch):
    """Django 5.2, or Django 6."""
    monkeypatch.setattr(security_headers, "_HAS_CSP", request.param)
    return request.param


def test_nothing_changes_without_the_variable():
    settings = settings_after(ready_project(TEMPLATES=[ENGINE]))

    assert settings["MIDDLEWARE"] == [SECURITY, WHITENOISE, COMMON]
    assert settings["TEMPLATES"] == [ENGINE]
    assert not {"SECURE_CSP", "CONTENT_SECURITY_POLICY", "PERMISSIONS_POLICY"} & settings.keys()


def test_the_default_policies(has_csp):
    settings = settings_after(ready_project(), **ON)

    assert settings["SECURE_CSP"] == {
        "default-src": ["'self'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'", NONCE],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
    assert settings["PERMISSIONS_POLICY"]["camera"] == []
    assert settings["MIDDLEWARE"] == [SECURITY, DJANGOS if has_csp else DJANGO_CSP, PERMISSIONS, WHITENOISE, COMMON]
    assert ("CONTENT_SECURITY_POLICY" in settings) is not has_csp


def test_django_csp_gets_the_same_policy(monkeypatch):
    from csp.constants import NONCE as OF_DJANGO_CSP

    monkeypatch.setattr(security_headers, "_HAS_CSP", False)
    own = {"script-src": ["'self'", NONCE], "img-src": "*", "upgrade-insecure-requests": True, "font-src": None}

    settings = settings_after(ready_project(SECURE_CSP=own), **ON)

    assert settings["CONTENT_SECURITY_POLICY"] == {
        "DIRECTIVES": {
            "script-src": ["'self'", OF_DJANGO_CSP],
            "img-src": ["*"],
            "upgrade-insecure-requests": True,
            "font-src": None,
        }
    }


OF_DJANGO_CSP = ("CONTENT_SECURITY_POLICY", "CONTENT_SECURITY_POLICY_REPORT_ONLY")


@pytest.mark.parametrize("name", ["SECURE_CSP", "SECURE_CSP_REPORT_ONLY", *OF_DJANGO_CSP])
@pytest.mark.usefixtures("has_csp")
def test_a_policy_of_the_project_replaces_the_default_one(name):
    project = ready_project(**{name: {"default-src": ["'none'"]}}, PERMISSIONS_POLICY={"usb": "self"})

    settings = settings_after(project, **ON)

    assert {key for key in settings if key.startswith("SECURE_CSP")} == {name} - {*OF_DJANGO_CSP}
    assert settings[name] is project[name]
    assert settings["PERMISSIONS_POLICY"] == {"usb": "self"}


@pytest.mark.parametrize("name", OF_DJANGO_CSP)
@pytest.mark.usefixtures("has_csp")
def test_a_policy_for_django_csp_is_sent_by_django_csp(name):
    project = ready_project(**{name: {"DIRECTIVES": {"default-src": ["'none'"]}}}, TEMPLATES=[ENGINE])

    settings = settings_after(project, **ON)

    assert settings["MIDDLEWARE"] == [SECURITY, DJANGO_CSP, PERMISSIONS, WHITENOISE, COMMON]
    assert settings["TEMPLATES"][0]["OPTIONS"]["context_processors"][-1] == "django_runtimes.security.nonce.csp"


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("SECURE_CSP", """{"default-src": ["'self'"]}"""),
        ("CONTENT_SECURITY_POLICY", """{"DIRECTIVES": {"default-src": ["'self'"]}}"""),
    ],
)
@pytest.mark.usefixtures("has_csp")
def test_a_policy_that_is_no_dictionary_is_refused(name, example):
    with pytest.raises(ConfigurationError) as caught:
        settings_after(ready_project(**{name: "default-src 'self'"}), **ON)

    assert str(caught.value) == f"{name} is of type str but must be a dictionary; write {name} = {example}"


def test_a_policy_for_each_package_on_django_6(monkeypatch):
    monkeypatch.setattr(security_headers, "_HAS_CSP", True)
    policies = {"SECURE_CSP": {"default-src": ["'none'"]}, "CONTENT_SECURITY_POLICY": {"DIRECTIVES": {}}}

    settings = settings_after(ready_project(**policies), **ON)

    assert settings["MIDDLEWARE"] == [SECURITY, DJANGOS, PERMISSIONS, WHITENOISE, COMMON]
    assert settings["CONTENT_SECURITY_POLICY"] is policies["CONTENT_SECURITY_POLICY"]


def test_modes_of_the_policy(has_csp):
    reported = settings_after(ready_project(), **ON, WEBAPP_CSP="report-only")
    without = settings_after(ready_project(TEMPLATES=[ENGINE]), **ON, WEBAPP_CSP="none")

    assert "SECURE_CSP" not in reported
    assert reported["SECURE_CSP_REPORT_ONLY"]["object-src"] == ["'none'"]
    assert without["MIDDLEWARE"] == [SECURITY, PERMISSIONS, WHITENOISE, COMMON]
    assert without["TEMPLATES"] == [ENGINE]


def test_a_mode_without_headers_is_refused():
    with pytest.raises(ConfigurationError) as caught:
        decide(ready_project(), {"WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_CSP": "report-only"})

    assert str(caught.value) == (
        "WEBAPP_CSP='report-only' has no effect without WEBAPP_SECURITY_HEADERS; set WEBAPP_SECURITY_HEADERS=1, or "
        "unset WEBAPP_CSP"
    )


def test_middleware_of_the_project_stays_where_it_is():
    settings = settings_after(ready_project(MIDDLEWARE=(PERMISSIONS, WHITENOISE, COMMON)), **ON, WEBAPP_CSP="none")

    assert settings["MIDDLEWARE"] == (SECURITY, PERMISSIONS, WHITENOISE, COMMON)


def test_middleware_derived_from_the_wanted_one_is_kept(has_csp):
    policy = "shop.middleware.ContentSecurityPolicyMiddleware" if has_csp else "shop.middleware.ShopCSPMiddleware"
    own = ["shop.middleware.ExemptSecurityMiddleware", policy]

    settings = settings_after(ready_project(MIDDLEWARE=[*own, COMMON]), **ON)

    assert settings["MIDDLEWARE"] == [own[0], PERMISSIONS, WHITENOISE, own[1], COMMON]


def test_templates_get_the_nonce_and_others_stay(has_csp):
    jinja = {"BACKEND": "django.template.backends.jinja2.Jinja2"}
    project = ready_project(TEMPLATES=(ENGINE, jinja))

    first, second = settings_after(project, **ON)["TEMPLATES"]

    nonce = "django.template.context_processors.csp" if has_csp else "django_runtimes.security.nonce.csp"
    assert first["OPTIONS"]["context_processors"] == ["shop.cart", nonce]
    assert second is jinja
    assert ENGINE["OPTIONS"] == {"context_processors": ["shop.cart"]}


@pytest.mark.parametrize(
    ("project", "environ", "directive", "further"),
    [
        ({"STATIC_URL": "https://cdn.example/static/"}, {}, "script-src", ["https://cdn.example"]),
        ({"STATIC_URL": "https://cdn.example/static/"}, {}, "connect-src", []),
        ({"MEDIA_URL": "//media.example/"}, {}, "img-src", ["https://media.example"]),
        (
            {},
            {"WEBAPP_MEDIA_BUCKET": "shop-media", "AWS_REGION": "eu-central-1"},
            "connect-src",
            ["https://shop-media.s3.eu-central-1.amazonaws.com", "https://shop-media.s3.amazonaws.com"],
        ),
        (
            {},
            {"WEBAPP_MEDIA_BUCKET": "shop.media", "AWS_REGION": "eu-central-1"},
            "form-action",
            ["https://s3.eu-central-1.amazonaws.com/shop.media/", "https://s3.amazonaws.com/shop.media/"],
        ),
        (
            {"AWS_S3_ENDPOINT_URL": "http://127.0.0.1:5000"},
            {"WEBAPP_MEDIA_BUCKET": "shop-media", "AWS_REGION": "eu-central-1"},
            "media-src",
            ["http://127.0.0.1:5000", "http://shop-media.127.0.0.1:5000"],
        ),
        (
            {},
            {"WEBAPP_MEDIA_BUCKET": "shop-media", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5000"},
            "connect-src",
            ["http://127.0.0.1:5000", "http://shop-media.127.0.0.1:5000"],
        ),
        (
            {
                "AWS_S3_CUSTOM_DOMAIN": "files.example",
                "AWS_S3_ENDPOINT_URL": "https://s3.example",
                "AWS_STORAGE_BUCKET_NAME": "shop-media",
                "STORAGES": {"default": {"BACKEND": "storages.backends.s3.S3Storage"}},
            },
            {},
            "media-src",
            ["https://files.example", "https://s3.example", "https://shop-media.s3.example"],
        ),
    ],
)
def test_files_of_other_origins_are_allowed(project, environ, directive, further):
    policy = settings_after(ready_project(**project), **ON, **environ)["SECURE_CSP"]

    values = [value for value in policy[directive] if value not in ("'self'", "data:", NONCE)]
    assert values == further


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/pictures",
        "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:pictures",
        "arn:aws:s3-object-lambda:eu-central-1:123456789012:accesspoint/pictures",
        "arn:aws:s3-outposts:eu-central-1:123456789012:outpost/op-1/accesspoint/pictures",
    ],
)
def test_the_host_of_an_access_point_is_allowed(arn):
    key = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    region = arn.split(":")[3]
    client = boto3.client("s3", region_name=region, config=Config(signature_version="s3v4"), **key)
    url = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": arn, "Key": "k"}))

    policy = settings_after(ready_project(), **ON, WEBAPP_MEDIA_BUCKET=arn, AWS_REGION=region)["SECURE_CSP"]

    assert policy["img-src"][2:] == [f"https://{url.netloc}"]


def test_pages_that_may_be_framed_by_their_own_site():
    settings = settings_after(ready_project(X_FRAME_OPTIONS="SAMEORIGIN"), **ON)

    assert settings["SECURE_CSP"]["frame-ancestors"] == ["'self'"]


@pytest.mark.parametrize("mode", ["enforce", "report-only", "none"])
def test_no_variable_takes_requests_off_the_one_hop(settings, mode):
    variables = {**ON, "WEBAPP_CSP": mode, "WEBAPP_THROTTLE": "100/m", "WEBAPP_STORE_URL": "dynamodb://store"}
    settings.MIDDLEWARE = settings_after(ready_project(), AWS_REGION="eu-west-1", **variables)["MIDDLEWARE"]

    assert PERMISSIONS in settings.MIDDLEWARE
    assert "django_runtimes.ThrottleMiddleware" in settings.MIDDLEWARE
    assert not needs_asynchronous_chain()
