"""Stores pictures in a bucket on moto's S3 server, and reads them by their URL alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import urlopen

import boto3
import pytest

from tests.moto import ACCESS_KEY, moto_server
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

SAVE = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
print(default_storage.url(default_storage.save("a b.png", ContentFile(b"a picture"))))
"""
SAVE_TWICE = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
names = [default_storage.save("a.png", ContentFile(content)) for content in (b"Ada's", b"Ben's")]
print(*[default_storage.open(name).read().decode() for name in names])
"""
ADDRESS = """
import django
django.setup()
from django.core.files.storage import default_storage
print(default_storage.url("a.png"))
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory) -> Iterator[str]:
    """The URL of moto's server."""
    with moto_server(tmp_path_factory.mktemp("moto") / "moto.log") as url:
        yield url


def run(source: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the source in a process that has the application's settings for a container."""
    return subprocess.run(
        [sys.executable, "-c", source],
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "WEBAPP_RUNTIME": "aws_ecs",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
            "DATABASE_URL": "postgresql://app@127.0.0.1/app",
            "WEBAPP_MEDIA_BUCKET": "pictures",
            **ACCESS_KEY,
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "af-south-1", "us-gov-west-1", "cn-north-1"])
def test_a_saved_file_is_read_by_its_url(s3, region):
    bucket = f"pictures-{region}"
    session = boto3.session.Session(
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="example", region_name=region
    )
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    session.client("s3", endpoint_url=s3).create_bucket(Bucket=bucket, **place)

    process = run(SAVE, WEBAPP_MEDIA_BUCKET=bucket, AWS_REGION=region, AWS_ENDPOINT_URL_S3=s3)

    assert process.returncode == 0, process.stderr
    with urlopen(process.stdout.strip(), timeout=60) as response:
        assert response.read() == b"a picture"


def test_a_file_is_not_overwritten_by_another_of_its_name(s3):
    keys = {name.lower(): value for name, value in ACCESS_KEY.items()}
    client = boto3.client("s3", "eu-west-1", endpoint_url=s3, **keys)
    client.create_bucket(Bucket="shared", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    process = run(SAVE_TWICE, WEBAPP_MEDIA_BUCKET="shared", AWS_REGION="eu-west-1", AWS_ENDPOINT_URL_S3=s3)

    assert process.stdout == "Ada's Ben's\n", process.stderr


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_either_region_variable_decides_the_signing_region(variable):
    url = run(ADDRESS, **{variable: "eu-central-1"}).stdout

    assert urlsplit(url).hostname == "pictures.s3.eu-central-1.amazonaws.com"
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert "%2Feu-central-1%2Fs3%2F" in url


def test_a_container_does_not_start_without_the_buckets_region():
    process = run("import django; django.setup()")

    assert process.returncode != 0
    assert "WEBAPP_MEDIA_BUCKET='pictures' is set, but AWS_REGION is not; set it to the region" in process.stderr
