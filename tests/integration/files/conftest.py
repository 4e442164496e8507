"""A bucket on moto's server, and a guestbook whose visitors send pictures straight to it."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from django.test import Client
from PIL import Image

from tests.moto import ACCESS_KEY, REGION, moto_server

BUCKET = "pictures"
STORAGE = "django_runtimes.files.s3_upload_storage.S3UploadStorage"


class Bucket(NamedTuple):
    """The bucket of a test, empty at its start."""

    client: Any
    url: str

    def names(self) -> list[str]:
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def empty(self) -> None:
        for key in self.names():
            self.client.delete_object(Bucket=BUCKET, Key=key)


@pytest.fixture(scope="session")
def s3(tmp_path_factory) -> Iterator[Bucket]:
    with moto_server(tmp_path_factory.mktemp("moto") / "log") as url:
        keys = {name.lower(): value for name, value in ACCESS_KEY.items()}
        client = boto3.client("s3", REGION, endpoint_url=url, **keys)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Bucket(client, url)


@pytest.fixture
def bucket(s3, settings) -> Bucket:
    """The bucket, which is the default storage of the guestbook."""
    s3.empty()
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": s3.url,
        "region_name": REGION,
        "access_key": ACCESS_KEY["AWS_ACCESS_KEY_ID"],
        "secret_key": ACCESS_KEY["AWS_SECRET_ACCESS_KEY"],
    }
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": STORAGE, "OPTIONS": options}}
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(direct_uploads=True)
    settings.GUESTBOOK_PICTURES = True
    return s3


@pytest.fixture
def media(settings, tmp_path) -> Path:
    """The directory of uploads, which is the default storage."""
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(picture_format: str = "PNG", colour: str = "teal") -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(output, picture_format)
    return output.getvalue()


def ticket(client: Client) -> str:
    """Return the signed limits in the guestbook's page."""
    found = re.search(r'data-upload-ticket="([^"]+)"', client.get("/").text)
    assert found
    return found[1]


def announce(client: Client, content: bytes, **fields: str) -> Any:
    """Ask the application for permission to send this content."""
    announced = {"ticket": ticket(client), "name": "a.png", "size": str(len(content)), "type": "image/png"}
    return client.post("/uploads/sign", announced | fields)


def send(granted: dict[str, Any], content: bytes, **changed: str) -> int:
    """Send the content to the bucket as a browser does, and return the status."""
    boundary = "3d6c2e"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {**granted["fields"], **changed}.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    request = Request(
        granted["url"],
        b"".join(parts),
        {"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    try:
        with urlopen(request, timeout=60) as response:
            return int(response.status)
    except HTTPError as error:
        error.close()
        return error.code


def uploaded(client: Client, content: bytes, **fields: str) -> str:
    """Send the content to the bucket with the application's permission, and return the token."""
    granted = announce(client, content, **fields).json()
    assert send(granted, content) == 201
    return str(granted["token"])
