"""Paths too long for the file system are not found, and long names of uploads are shortened."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings as project
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.media_view import serve_media
from tests.integration.serving.one_hop.exchange import exchange


def media(request, path):
    return serve_media(request, path, document_root=project.MEDIA_ROOT)


@csrf_exempt
def upload(request):
    file = request.FILES["doc"]
    return HttpResponse(f"{file.size} {len(file.name)} {Path(file.temporary_file_path()).exists()}")


urlpatterns = [re_path("^media/(?P<path>.*)$", media), path("upload", upload)]

NAMES = pytest.mark.parametrize(
    "name",
    ["a" * 256, "a" * 3000 + "/b", "b/" + "a" * 300 + ".png", "é" * 128, "a/" * 3000, "%00", "a" * 300 + "/", "none"],
    ids=["name", "folder", "in a folder", "bytes", "path", "NUL", "slash", "short"],
)


@pytest.fixture(autouse=True)
def _urls(settings, tmp_path):
    settings.ROOT_URLCONF = __name__
    settings.TEMPLATES = []
    settings.STATIC_ROOT = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "b").mkdir(parents=True)
    (tmp_path / "media" / "there.txt").write_text("there")


@pytest.fixture
def handler():
    handler = OneHopASGIHandler(threads=1)
    yield handler
    handler.close()


@NAMES
async def test_a_long_media_name_is_not_found_in_a_container(handler, name):
    assert (await exchange(handler, "GET", f"/media/{unquote(name)}")).status == 404


@pytest.mark.parametrize("prefix", ["/static/", "/", "/static/admin/"])
async def test_a_long_static_name_is_not_found(handler, settings, prefix):
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True

    assert (await exchange(handler, "GET", prefix + "a" * 300)).status == 404


async def test_a_media_file_is_served(handler):
    assert (await exchange(handler, "GET", "/media/there.txt")).body == b"there"


async def send_file(handler, name):
    parts = (
        f'--edge\r\nContent-Disposition: form-data; name="doc"; filename="{name}"\r\n\r\n'.encode()
        + b"x" * 3_000_000
        + b"\r\n--edge--\r\n"
    )
    headers = [(b"content-type", b"multipart/form-data; boundary=edge")]
    return await exchange(handler, "POST", "/upload", headers=headers, body=parts)


@pytest.mark.parametrize("suffix", ["x" * 250, "é" * 200, "\U0001f98a" * 240], ids=["250", "400 bytes", "960 bytes"])
async def test_an_upload_with_a_long_extension_is_kept(handler, suffix):
    reply = await send_file(handler, f"a.{suffix}")

    assert reply.status == 200
    assert reply.body.startswith(b"3000000 ")
    assert reply.body.endswith(b" True")


async def test_django_fails_for_an_upload_with_a_long_extension(handler, settings):
    settings.FILE_UPLOAD_HANDLERS = [f"{TemporaryFileUploadHandler.__module__}.TemporaryFileUploadHandler"]

    assert (await send_file(handler, "a." + "x" * 250)).status == 500
