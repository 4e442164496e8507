import re
from urllib.parse import parse_qs, urlsplit

import pytest
from storages.backends.s3 import S3Storage

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.s3_settings import s3_settings
from django_runtimes.config.variables.file_variables import MEDIA_BUCKET

BUCKET = {"WEBAPP_MEDIA_BUCKET": "pictures"}


@pytest.fixture
def url_of(settings, monkeypatch):
    """Return a function that gets the URL of a.png from django-storages and boto3, configured by the variables."""

    def make(bucket: str = "pictures", **environ: str) -> str:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
        for name, value in {**keys, **environ}.items():
            monkeypatch.setenv(name, value)
        for name, value in s3_settings(Environment({"WEBAPP_MEDIA_BUCKET": bucket, **environ}), local=False).items():
            setattr(settings, name, value)
        return S3Storage(bucket_name=bucket).url("a.png")

    return make


def signed_for(url: str) -> tuple[str, str]:
    """Return the algorithm and the region of the URL's signature."""
    query = parse_qs(urlsplit(url).query)
    return query["X-Amz-Algorithm"][0], query["X-Amz-Credential"][0].split("/")[2]


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "pictures.s3.amazonaws.com"),
        ("eu-central-1", "pictures.s3.eu-central-1.amazonaws.com"),
        # These two are opt-in regions.
        ("af-south-1", "pictures.s3.af-south-1.amazonaws.com"),
        ("me-south-1", "pictures.s3.me-south-1.amazonaws.com"),
        ("us-gov-west-1", "pictures.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "pictures.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_url_has_the_host_and_the_signature_of_its_region(url_of, variable, region, host):
    url = url_of(**{variable: region})

    assert urlsplit(url).hostname == host
    assert urlsplit(url).path == "/a.png"
    assert signed_for(url) == ("AWS4-HMAC-SHA256", region)


def test_aws_region_beats_the_default_region(url_of):
    url = url_of(AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="us-west-2")

    assert signed_for(url)[1] == "eu-west-1"


@pytest.mark.parametrize(
    ("region", "host"),
    [("us-east-1", "s3.amazonaws.com"), ("eu-central-1", "s3.eu-central-1.amazonaws.com")],
)
def test_a_bucket_with_dots_stays_out_of_the_host_name(url_of, region, host):
    # S3's wildcard certificates cover only one label.
    url = url_of("pictures.shop.example", AWS_REGION=region)

    assert urlsplit(url).hostname == host
    assert urlsplit(url).path == "/pictures.shop.example/a.png"
    assert signed_for(url) == ("AWS4-HMAC-SHA256", region)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_a_custom_endpoint_gets_the_bucket_in_the_path(url_of, variable):
    url = url_of(**{variable: "http://minio.internal:9000", "AWS_REGION": "garage"})

    assert url.startswith("http://minio.internal:9000/pictures/a.png?")
    assert signed_for(url) == ("AWS4-HMAC-SHA256", "garage")


@pytest.mark.parametrize(
    ("word", "host"),
    [
        ("true", "pictures.s3.eu-central-1.amazonaws.com"),
        ("TRUE", "pictures.s3.eu-central-1.amazonaws.com"),
        # botocore reads these as false.
        ("false", "minio.internal"),
        ("1", "minio.internal"),
        ("", "minio.internal"),
    ],
)
def test_an_endpoint_that_boto3_ignores_has_no_effect(url_of, word, host):
    url = url_of(
        AWS_ENDPOINT_URL_S3="http://minio.internal:9000",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=word,
        AWS_REGION="eu-central-1",
    )

    assert urlsplit(url).hostname == host
    assert signed_for(url) == ("AWS4-HMAC-SHA256", "eu-central-1")


def test_an_ignored_endpoint_needs_a_region():
    ignored = {"AWS_ENDPOINT_URL_S3": "http://minio.internal:9000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}

    with pytest.raises(ConfigurationError, match="AWS_REGION is not; set it"):
        s3_settings(Environment({**BUCKET, **ignored}), local=False)


def test_a_missing_region_is_an_error_outside_local():
    with pytest.raises(ConfigurationError, match="WEBAPP_MEDIA_BUCKET='pictures' is set, but AWS_REGION is not; set"):
        s3_settings(Environment(BUCKET), local=False)


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL_S3"])
def test_boto3_may_find_the_region_elsewhere(name):
    assert "AWS_S3_REGION_NAME" not in s3_settings(Environment({**BUCKET, name: "x"}), local=False)


def test_local_leaves_the_region_to_aws_configuration():
    assert "AWS_S3_REGION_NAME" not in s3_settings(Environment(BUCKET), local=True)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("region", ["Frankfurt", "eu-central-1a", "eu-central-1 ", "s3.eu-central-1.amazonaws.com"])
def test_an_invalid_region_is_an_error(name, region):
    with pytest.raises(ConfigurationError, match=re.escape(f"{name}={region!r} is not a region; set it to a code")):
        s3_settings(Environment({**BUCKET, name: region}), local=True)


def test_nothing_is_set_without_a_bucket():
    assert s3_settings(Environment({"AWS_REGION": "Frankfurt"}), local=False) == {}


@pytest.mark.parametrize(
    "bucket",
    [
        "pictures",
        "shop.pictures",
        "Old_Bucket",
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/pictures",
        "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:pictures",
    ],
)
def test_a_bucket_has_a_name_or_the_arn_of_an_access_point(bucket):
    assert Environment({"WEBAPP_MEDIA_BUCKET": bucket})[MEDIA_BUCKET] == bucket


@pytest.mark.parametrize(
    "text",
    [
        "s3://pictures",
        "pictures/",
        "pictures/2026",
        "a b",
        "ab",
        "bücher",
        "arn:aws:s3:::pictures",
        "arn:aws:s3:::pictures/*",
        "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
        "arn:aws:s3-outposts:eu-central-1:123456789012:accesspoint/pictures",
    ],
)
def test_a_text_that_names_no_bucket_is_refused(text):
    with pytest.raises(ConfigurationError) as error:
        Environment({"WEBAPP_MEDIA_BUCKET": text})[MEDIA_BUCKET]

    assert str(error.value) == (
        f"WEBAPP_MEDIA_BUCKET={text!r} is not the name of a bucket; write its name or the ARN of its access point, "
        "without s3:// or a folder"
    )
