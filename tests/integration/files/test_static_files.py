"""Static files as a container serves them, and as `webapp publish_static` copies them to a bucket on moto's server."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.entrypoints.launcher import REQUIRED, connect, container
from tests.moto import ACCESS_KEY, REGION

pytestmark = pytest.mark.profile_free

BUCKET = "shop-static"
FOREVER = "public, max-age=315360000, immutable"
OTHER_FILES = ("favicon.ico", "font.woff2", "picture.webp")


def run(root: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        **REQUIRED,
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_STATIC_ROOT": str(root),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "webapp", *command], env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """The folder of collected static files, as in the image."""
    root = tmp_path_factory.mktemp("collected") / "static"
    process = run(root, "collectstatic", "--no-input", "-v", "0")
    assert process.returncode == 0, process.stderr
    return root


@pytest.fixture(scope="module")
def names(root) -> dict[str, str]:
    """The hashed name of each file."""
    found: dict[str, str] = json.loads((root / "staticfiles.json").read_text())["paths"]
    return found


@pytest.fixture(scope="module")
def port(root, tmp_path_factory) -> Iterator[int]:
    log = tmp_path_factory.mktemp("static") / "log"
    with container(log, WEBAPP_STATIC_ROOT=str(root), WEBAPP_WORKERS="1") as (_, port):
        yield port


def request(port, method, path, **headers):
    connection = connect(port)
    connection.request(
        method,
        path,
        headers={"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
        | {name.replace("_", "-"): value for name, value in headers.items()},
    )
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_a_hashed_file_is_cached_forever_and_compressed(port, root, names):
    name = names["guestbook/guestbook.css"]
    assert re.fullmatch(r"guestbook/guestbook\.[0-9a-f]{12}\.css", name)

    plain, content = request(port, "GET", f"/static/{name}")
    packed, compressed = request(port, "GET", f"/static/{name}", Accept_Encoding="gzip")

    assert (plain.status, plain.headers["Content-Encoding"]) == (200, None)
    assert content == (root / name).read_bytes()
    assert plain.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(compressed) == content
    assert len(compressed) < len(content) / 2


def test_a_name_without_a_hash_is_cached_briefly(port):
    response, _ = request(port, "GET", "/static/guestbook/guestbook.css")

    assert response.headers["Cache-Control"] == "max-age=60, public"


def test_head_and_range_and_an_unchanged_file(port, root, names):
    path = f"/static/{names['guestbook/favicon.svg']}"
    size = (root / names["guestbook/favicon.svg"]).stat().st_size

    head, nothing = request(port, "HEAD", path)
    part, first = request(port, "GET", path, Range="bytes=0-3")
    beyond, _ = request(port, "GET", path, Range=f"bytes={size}-")
    same, empty = request(port, "GET", path, If_Modified_Since=head.headers["Last-Modified"])

    assert (head.status, nothing, head.headers["Content-Length"]) == (200, b"", str(size))
    assert (part.status, first, part.headers["Content-Range"]) == (206, b"<svg", f"bytes 0-3/{size}")
    assert beyond.status == 416
    assert (same.status, empty) == (304, b"")


def test_an_unknown_file_and_a_path_out_of_the_folder(port):
    assert request(port, "GET", "/static/guestbook/none.css")[0].status == 404
    assert request(port, "GET", "/static/../webapp/settings.py")[0].status == 404
    assert request(port, "GET", "/static/%2e%2e/webapp/settings.py")[0].status == 404


@pytest.fixture(scope="module")
def adopted(tmp_path_factory) -> dict[str, str]:
    """The variables of an adopted project with Django's own storage, whose files were collected with a manifest."""
    folder = tmp_path_factory.mktemp("adopted")
    (folder / "files").mkdir()
    (folder / "files/shop.css").write_text("body { margin: 0; }\n" * 20)
    (folder / "shop.py").write_text(
        "from django.http import HttpResponse\n"
        "from django.templatetags.static import static\n"
        "from django.urls import path\n"
        "from django_runtimes import configure\n"
        "INSTALLED_APPS = ['django.contrib.staticfiles']\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"
        f"STATICFILES_DIRS = [{str(folder / 'files')!r}]\n"
        "STATIC_URL = 'static/'\n"
        "ROOT_URLCONF = __name__\n"
        "urlpatterns = [path('', lambda request: HttpResponse(static('shop.css')))]\n"
        "configure(globals())\n"
    )
    variables = {
        "DJANGO_SETTINGS_MODULE": "shop",
        "PYTHONPATH": str(folder),
        "WEBAPP_STATIC_MANIFEST": "1",
        "WEBAPP_STATIC_ROOT": str(folder / "static"),
    }
    process = run(folder / "static", "collectstatic", "--no-input", "-v", "0", **variables)
    assert process.returncode == 0, process.stderr
    return variables


def test_a_variable_gives_hashed_names_to_an_adopted_project(adopted, tmp_path):
    with container(tmp_path / "log", WEBAPP_WORKERS="1", **adopted) as (_, port):
        _, page = request(port, "GET", "/")
        packed, compressed = request(port, "GET", page.decode(), Accept_Encoding="gzip")

    assert re.fullmatch(r"/static/shop\.[0-9a-f]{12}\.css", page.decode())
    assert packed.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed) == b"body { margin: 0; }\n" * 20


@pytest.fixture(scope="module")
def static_bucket(s3, root):
    """The variables of a process that publishes to a new bucket."""
    s3.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return {
        "WEBAPP_STATIC_BUCKET": BUCKET,
        "WEBAPP_STATIC_HOST": "static.guestbook.example",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": s3.url,
        **ACCESS_KEY,
    }


@pytest.fixture(scope="module")
def own_files(root, tmp_path_factory):
    """The collected files without those of Django's admin, which would take most of the time."""
    folder = tmp_path_factory.mktemp("own") / "static"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns("admin"))
    manifest = json.loads((root / "staticfiles.json").read_text())
    manifest["paths"] = {name: each for name, each in manifest["paths"].items() if not name.startswith("admin/")}
    (folder / "staticfiles.json").write_text(json.dumps(manifest))
    for name in OTHER_FILES:
        (folder / name).write_bytes(b"content")
    return folder


@pytest.fixture(scope="module")
def uploads_elsewhere(tmp_path_factory):
    """The variables of a process whose settings put uploads into a bucket of another service."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "elsewhere.py").write_text(
        "from webapp.settings import *\n"
        "AWS_S3_ENDPOINT_URL = 'http://127.0.0.1:1'\n"
        "AWS_S3_ACCESS_KEY_ID = AWS_S3_SECRET_ACCESS_KEY = 'of-another-service'\n"
        "AWS_S3_REGION_NAME = 'nyc3'\n"
        "AWS_S3_SIGNATURE_VERSION = 's3'\n"
        "AWS_CLOUDFRONT_KEY_ID = 'of-another-bucket'\n"
    )
    return {"DJANGO_SETTINGS_MODULE": "elsewhere", "PYTHONPATH": str(folder)}


def keys(s3) -> set[str]:
    pages = s3.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def test_files_are_published_and_those_of_former_versions_remain(s3, static_bucket, own_files, uploads_elsewhere):
    names = json.loads((own_files / "staticfiles.json").read_text())["paths"]
    s3.client.put_object(Bucket=BUCKET, Key="static/guestbook/guestbook.000000000000.css", Body=b"former")

    first = run(own_files, "publish_static", **static_bucket)
    again = run(own_files, "publish_static", **static_bucket, **uploads_elsewhere)

    assert again.returncode == 0, again.stderr
    assert first.returncode == 0, first.stderr
    assert re.fullmatch(r"\d+ static files copied to shop-static, 0 were there\n", first.stdout)
    hashed = set(names.values())
    assert again.stdout.endswith(f"static files copied to shop-static, {len(hashed)} were there\n")
    assert {f"static/{name}" for name in hashed | names.keys()} <= keys(s3)
    assert "static/guestbook/guestbook.000000000000.css" in keys(s3)
    assert [key for key in keys(s3) if key.endswith((".gz", "staticfiles.json"))] == []

    name = names["guestbook/guestbook.css"]
    found = s3.client.get_object(Bucket=BUCKET, Key=f"static/{name}")
    assert (found["CacheControl"], found["ContentType"], found["ContentEncoding"]) == (FOREVER, "text/css", "gzip")
    assert gzip.decompress(found["Body"].read()) == (own_files / name).read_bytes()
    brief = s3.client.head_object(Bucket=BUCKET, Key="static/guestbook/guestbook.css")
    assert brief["CacheControl"] == "public, max-age=300"
    types = [s3.client.head_object(Bucket=BUCKET, Key=f"static/{name}")["ContentType"] for name in OTHER_FILES]
    assert types == ["image/x-icon", "font/woff2", "image/webp"]


def test_a_page_names_the_host_without_a_call_to_the_bucket(static_bucket, root, names, tmp_path):
    variables = {**static_bucket, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "WEBAPP_STATIC_ROOT": str(root)}
    source = (
        "import django, sys; django.setup()\n"
        "from django.templatetags.static import static\n"
        "print(static('guestbook/guestbook.css'), 'boto3' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", source],
        env={**REQUIRED, "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings", **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert process.stdout == f"https://static.guestbook.example/static/{names['guestbook/guestbook.css']} False\n"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"WEBAPP_STATIC_BUCKET": ""}, "WEBAPP_STATIC_BUCKET is not set; set it to the bucket of the static files"),
        (
            {"WEBAPP_STATIC_BUCKET": "nobodys-bucket"},
            "The specified bucket does not exist; create the bucket, or correct WEBAPP_STATIC_BUCKET",
        ),
        (
            {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"},
            '/shop-static?prefix=static%2F&encoding-type=url"; run the command again',
        ),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"},
            "Unable to locate credentials; give the process a role, or set AWS_ACCESS_KEY_ID and",
        ),
        (
            {"WEBAPP_STATIC_ROOT": "/nonexistent"},
            "STATIC_ROOT='/nonexistent' has no staticfiles.json; run collectstatic",
        ),
        ({"WEBAPP_STATIC_MANIFEST": "0"}, "STORAGES['staticfiles'] is 'django.contrib.staticfiles.storage.StaticFiles"),
    ],
)
def test_mistakes_of_a_publication(static_bucket, root, changed, message):
    process = run(root, "publish_static", **{**static_bucket, **changed})

    assert process.returncode == 1
    assert message in process.stderr
    assert "Traceback" not in process.stderr
