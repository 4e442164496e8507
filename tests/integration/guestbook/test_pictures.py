import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from webapp.guestbook.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """A folder for uploads, whichever storage the profile has."""
    settings.GUESTBOOK_PICTURES = True
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture_bytes(picture_format):
    output = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(output, picture_format)
    return output.getvalue()


def sign_with(client, name, content):
    return client.post("/", {"author": "Ada", "message": "Look!", "picture": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize(
    ("name", "picture_format"),
    [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.jpeg", "JPEG"), ("a.webp", "WEBP"), ("a.gif", "GIF")],
)
def test_a_picture_is_stored_by_date_under_a_random_name(client, media, name, picture_format):
    content = picture_bytes(picture_format)

    assert sign_with(client, name, content).status_code == 302

    picture = Entry.objects.get().picture
    assert re.fullmatch(r"pictures/\d{4}/\d\d/\d\d/[0-9a-f]{32}\.(png|jpg|jpeg|webp|gif)", picture.name)
    assert (media / picture.name).read_bytes() == content
    assert f'src="{picture.url}"' in client.get("/").text


def test_a_picture_appears_in_the_api(client):
    sign_with(client, "a.png", picture_bytes("PNG"))

    (shown,) = client.get("/api/entries").json()["entries"]

    assert shown["picture"] == Entry.objects.get().picture.url


def test_a_picture_is_optional(client):
    client.post("/", {"author": "Ada", "message": "No picture"})

    assert not Entry.objects.get().picture


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("fake.png", b"<svg onload=alert(1)>", "Upload a valid image"),
        ("cut.png", picture_bytes("PNG")[:40], "Upload a valid image"),
        ("empty.png", b"", "The submitted file is empty"),
        ("page.html", picture_bytes("PNG"), "is not allowed"),
        ("a.png", picture_bytes("TIFF"), "This is a TIFF file"),
    ],
    ids=["not a picture", "cut off", "empty", "other extension", "other format"],
)
def test_a_file_that_is_not_a_picture_is_refused(client, media, name, content, reason):
    response = sign_with(client, name, content)

    assert response.status_code == 400
    assert reason in response.text
    assert Entry.objects.count() == 0
    assert list(media.iterdir()) == []


def test_a_picture_over_5_mb_is_refused_before_it_is_decoded(client):
    response = sign_with(client, "large.png", b"x" * (5 * 1024 * 1024 + 1))

    assert response.status_code == 400
    assert "This file has 5,242,881 bytes" in response.text


def test_a_picture_of_5_mb_is_accepted(client):
    content = picture_bytes("PNG")

    assert sign_with(client, "a.png", content.ljust(5 * 1024 * 1024, b"\0")).status_code == 302


def test_the_form_has_no_picture_field_without_storage(client, settings):
    settings.GUESTBOOK_PICTURES = False

    assert 'type="file"' not in client.get("/").text
    assert sign_with(client, "a.png", picture_bytes("PNG")).status_code == 302
    assert not Entry.objects.get().picture
