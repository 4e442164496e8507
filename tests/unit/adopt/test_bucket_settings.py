"""The URLs of uploads, from django-storages and boto3 with the decided settings."""

import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config
from django.core.files.storage import storages as storages_of_django

from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import decisions_for, ready_project, settings_after

S3 = "storages.backends.s3.S3Storage"
MINIO = "http://minio.internal:9000"
IN_PATH = "http://minio.internal:9000/pictures/a.png"
IN_HOST = "https://pictures.s3.eu-west-1.amazonaws.com/a.png"
_UNSET = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3")


def storage(**options: Any) -> dict[str, Any]:
    return {"BACKEND": S3, "OPTIONS": options}


@pytest.fixture
def url_of(settings, monkeypatch, tmp_path):
    """Return a function that gets the URL and the region of a.png in the bucket `pictures`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}

    def make(project: dict[str, Any], alias: str = "default", **environ: str) -> tuple[str, str]:
        for name, value in {**keys, **environ}.items():
            monkeypatch.setenv(name, value)
        decided = settings_after(ready_project(**project), WEBAPP_MEDIA_BUCKET="pictures", **environ)
        for name, value in decided.items():
            if name == "STORAGES" or name.startswith("AWS_"):
                setattr(settings, name, value)
        url = storages_of_django.create_storage(decided["STORAGES"][alias]).url("a.png")
        region = parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].split("/")[2]
        return url.partition("?")[0], region

    return make


@pytest.fixture
def aws_files(tmp_path):
    """Return a function that writes AWS's file of this name in the home folder."""

    def write(text: str, name: str = "config") -> None:
        (tmp_path / ".aws").mkdir(exist_ok=True)
        (tmp_path / ".aws" / name).write_text(text)

    return write


@pytest.mark.parametrize(
    "project",
    [
        {"AWS_S3_ENDPOINT_URL": MINIO},
        {"STORAGES": {"default": storage(endpoint_url=MINIO)}},
    ],
    ids=["setting", "option"],
)
@pytest.mark.parametrize("ignored", ["false", "true"])
def test_an_endpoint_of_the_settings_gets_the_bucket_in_the_path(url_of, project, ignored):
    # boto3 ignores only endpoints of variables and files.
    variables = {"AWS_REGION": "garage", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": ignored}

    assert url_of(project, **variables) == (IN_PATH, "garage")


def test_an_endpoint_of_the_settings_needs_no_region(url_of):
    assert url_of({"AWS_S3_ENDPOINT_URL": MINIO}) == (IN_PATH, "us-east-1")


def test_an_empty_endpoint_leaves_the_bucket_in_the_host_name(url_of):
    assert url_of({"AWS_S3_ENDPOINT_URL": None}, AWS_REGION="eu-west-1") == (IN_HOST, "eu-west-1")


def test_an_empty_option_overrides_the_endpoint_of_the_setting(url_of):
    project = {"AWS_S3_ENDPOINT_URL": MINIO, "STORAGES": {"default": storage(endpoint_url=None)}}

    assert url_of(project, AWS_REGION="eu-west-1") == (IN_HOST, "eu-west-1")


@pytest.mark.parametrize(("alias", "url"), [("default", IN_HOST), ("archive", IN_PATH)])
def test_each_storage_has_its_own_endpoint(url_of, alias, url):
    archive = storage(bucket_name="pictures", endpoint_url=MINIO)

    assert url_of({"STORAGES": {"archive": archive}}, alias, AWS_REGION="eu-west-1") == (url, "eu-west-1")


def test_the_projects_addressing_style_is_kept_beside_another_endpoint(url_of):
    archive = storage(bucket_name="pictures", endpoint_url=MINIO)
    project = {"STORAGES": {"archive": archive}, "AWS_S3_ADDRESSING_STYLE": "path"}

    assert url_of(project, AWS_REGION="eu-west-1")[0] == "https://s3.eu-west-1.amazonaws.com/pictures/a.png"


SERVICES = f"""\
services = local
[services local]
s3 =
    endpoint_url = {MINIO}
dynamodb =
    endpoint_url = http://other.internal
"""


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (f"[default]\nendpoint_url = {MINIO}", {}),
        (f"[default]\n{SERVICES}", {}),
        (f'[profile "own shop"]\n{SERVICES}', {"AWS_PROFILE": "own shop"}),
        (f"[profile shop]\n{SERVICES}", {"AWS_PROFILE": "other", "AWS_DEFAULT_PROFILE": "shop"}),
        (f"[profile shop]\n{SERVICES}", {"AWS_S3_SESSION_PROFILE": "shop"}),
    ],
)
def test_an_endpoint_of_awss_file_gets_the_bucket_in_the_path(url_of, aws_files, text, variables):
    aws_files(text)
    if "AWS_S3_SESSION_PROFILE" in variables:
        aws_files("[shop]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example", "credentials")
        variables = {**variables, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}

    assert url_of({}, AWS_REGION="eu-west-1", **variables) == (IN_PATH, "eu-west-1")


def test_the_file_of_aws_config_file_is_read(url_of, tmp_path):
    file = tmp_path / "own"
    file.write_text(f"[default]\nendpoint_url = {MINIO}")

    assert url_of({}, AWS_REGION="eu-west-1", AWS_CONFIG_FILE=str(file))[0] == IN_PATH


def test_an_endpoint_beside_credentials_gets_the_bucket_in_the_path(url_of, aws_files):
    aws_files(f"[default]\nendpoint_url = {MINIO}", "credentials")

    assert url_of({}, AWS_REGION="eu-west-1")[0] == IN_PATH


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (f"[default]\n{SERVICES}", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
        (f"[default]\nignore_configured_endpoint_urls = true\n{SERVICES}", {}),
        (f"[profile other]\n{SERVICES}", {}),
        (f"[default]\n{SERVICES}[profile shop]\nregion = eu-west-1", {"AWS_PROFILE": "shop"}),
        ("[default]\nservices = local\n[services local]\nsqs =\n    endpoint_url = http://other.internal", {}),
        ("[it's]\nregion = eu-west-1", {}),
    ],
)
def test_other_files_leave_the_bucket_in_the_host_name(url_of, aws_files, text, variables):
    aws_files(text)

    assert url_of({}, AWS_REGION="eu-west-1", **variables) == (IN_HOST, "eu-west-1")


def test_the_variable_overrides_ignored_endpoints_of_the_file(url_of, aws_files):
    aws_files("[default]\nignore_configured_endpoint_urls = true")
    variables = {"AWS_ENDPOINT_URL_S3": MINIO, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}

    assert url_of({}, AWS_REGION="eu-west-1", **variables)[0] == IN_PATH


def test_a_file_that_cannot_be_parsed_is_an_error_without_its_lines(url_of, aws_files):
    aws_files("aws_secret_access_key = s3cr3t", "credentials")

    with pytest.raises(ConfigurationError, match=r"credentials' cannot be parsed .*; correct or remove it") as raised:
        url_of({}, AWS_REGION="eu-west-1")
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    "project",
    [
        {"AWS_S3_REGION_NAME": "eu-west-1"},
        {"STORAGES": {"default": storage(region_name="eu-west-1")}},
        {"AWS_S3_REGION_NAME": "eu-west-1", "STORAGES": {"default": storage(region_name=None)}},
    ],
    ids=["setting", "option", "empty option"],
)
@pytest.mark.parametrize("variables", [{}, {"AWS_REGION": "us-west-2"}])
def test_the_region_of_the_settings_is_the_buckets(url_of, project, variables):
    assert url_of(project, **variables) == (IN_HOST, "eu-west-1")


@pytest.mark.parametrize("variables", [{}, {"AWS_REGION": "us-west-2"}])
def test_the_region_of_the_clients_configuration_is_the_buckets(url_of, variables):
    config = Config(region_name="eu-west-1", signature_version="s3v4", s3={"addressing_style": "virtual"})

    assert url_of({"AWS_S3_CLIENT_CONFIG": config}, **variables) == (IN_HOST, "eu-west-1")


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_region_of_the_settings_gives_way_to_the_variable(url_of, empty):
    assert url_of({"AWS_S3_REGION_NAME": empty}, AWS_REGION="eu-west-1") == (IN_HOST, "eu-west-1")


@pytest.mark.parametrize("project", [{"AWS_S3_REGION_NAME": ""}, {"STORAGES": {"default": storage(region_name=None)}}])
def test_an_empty_region_is_missing(url_of, project):
    with pytest.raises(ConfigurationError, match="WEBAPP_MEDIA_BUCKET='pictures' is set, but AWS_REGION is not;"):
        url_of(project)


FORMER_BUCKET = {
    "AWS_STORAGE_BUCKET_NAME": "former",
    "AWS_S3_CUSTOM_DOMAIN": "cdn.example",
    "AWS_DEFAULT_ACL": "public-read",
    "AWS_QUERYSTRING_AUTH": False,
    "AWS_S3_USE_SSL": False,
    "AWS_S3_OBJECT_PARAMETERS": {"ACL": "public-read", "CacheControl": "max-age=60"},
}
FORMER_OPTIONS = {
    "bucket_name": "former",
    "custom_domain": "cdn.example",
    "default_acl": "public-read",
    "querystring_auth": None,
    "object_parameters": {"GrantRead": "id=everybody", "CacheControl": "no-cache"},
}


@pytest.mark.parametrize(
    "project",
    [
        FORMER_BUCKET,
        {**FORMER_BUCKET, "STORAGES": {"default": storage()}},
        {"STORAGES": {"default": storage(**FORMER_OPTIONS)}},
        {**FORMER_BUCKET, "STORAGES": {"default": {"BACKEND": "shop.storages.PublicMedia"}}},
    ],
    ids=["settings", "settings of S3Storage", "options", "settings of a class of its own"],
)
def test_settings_of_a_former_bucket_make_no_file_public(url_of, project):
    # The fixture would fail without a signature.
    assert url_of(project, AWS_REGION="eu-west-1") == (IN_HOST, "eu-west-1")

    made = storages_of_django.create_storage(
        settings_after(ready_project(**project), WEBAPP_MEDIA_BUCKET="pictures", AWS_REGION="eu-west-1")["STORAGES"][
            "default"
        ]
    )
    parameters = made._get_write_parameters("a.png")
    assert sorted(parameters) == ["CacheControl", "ContentType"]


@pytest.mark.parametrize("acl", [None, "", "bucket-owner-full-control"])
def test_an_access_list_that_every_bucket_accepts_is_kept(acl):
    settings = settings_after(
        ready_project(AWS_DEFAULT_ACL=acl, AWS_QUERYSTRING_AUTH=True),
        WEBAPP_MEDIA_BUCKET="pictures",
        AWS_REGION="eu-west-1",
    )

    assert settings["STORAGES"]["default"]["OPTIONS"] == {"bucket_name": "pictures", "file_overwrite": False}


@pytest.mark.parametrize(("bucket", "options"), [("pictures", {}), ("former", {"custom_domain": None})])
def test_a_domain_is_kept_if_it_signs_the_urls_of_this_bucket(bucket, options):
    project = ready_project(
        AWS_STORAGE_BUCKET_NAME=bucket,
        AWS_S3_CUSTOM_DOMAIN="cdn.example",
        AWS_CLOUDFRONT_KEY_ID="K2JCJMDEHXQW5F",
        AWS_CLOUDFRONT_KEY="a key",
    )
    settings = settings_after(project, WEBAPP_MEDIA_BUCKET="pictures", AWS_REGION="eu-west-1")

    assert settings["STORAGES"]["default"]["OPTIONS"] == {
        "bucket_name": "pictures",
        "file_overwrite": False,
        **options,
    }


@pytest.mark.parametrize("overwrites", [True, False])
def test_the_project_may_choose_whether_files_are_overwritten(overwrites):
    settings = settings_after(
        ready_project(AWS_S3_FILE_OVERWRITE=overwrites), WEBAPP_MEDIA_BUCKET="pictures", AWS_REGION="eu-west-1"
    )

    assert settings["STORAGES"]["default"]["OPTIONS"] == {"bucket_name": "pictures"}


def test_the_reason_names_what_cannot_apply():
    project = ready_project(
        AWS_QUERYSTRING_AUTH=False, STORAGES={"default": storage(bucket_name="former", custom_domain="cdn.example")}
    )
    changes = decisions_for(project, WEBAPP_MEDIA_BUCKET="pictures", AWS_REGION="eu-west-1").changes

    (reason,) = (change.reason for change in changes if change.path == ("STORAGES", "default"))
    assert reason == (
        "WEBAPP_MEDIA_BUCKET is set: the bucket is private and its URLs are signed, so AWS_QUERYSTRING_AUTH, "
        "OPTIONS['custom_domain'] cannot apply"
    )


DECIDE = """
import sys
from tests.unit.adopt.projects import decisions_for, ready_project
decisions_for(ready_project(), WEBAPP_MEDIA_BUCKET="pictures", AWS_REGION="eu-west-1")
print([name for name in ("boto3", "botocore", "storages", "configparser") if name in sys.modules])
"""


def test_the_decision_without_awss_files_imports_no_parser_and_no_boto3(tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", DECIDE], env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )

    assert (process.stdout, process.stderr) == ("[]\n", "")
