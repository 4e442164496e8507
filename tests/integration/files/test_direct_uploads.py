"""Pictures go from the browser to the bucket, which moto emulates; it does not enforce the policy of an upload."""

import re

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client, TestCase

from django_runtimes.files import incoming
from django_runtimes.files.sent_upload import upload_of
from django_runtimes.files.upload_limits import UploadLimits
from tests.integration.files.conftest import BUCKET, announce, picture, send, ticket, uploaded
from webapp.guestbook.entries import create_entry
from webapp.guestbook.models import Entry

pytestmark = pytest.mark.django_db


def sign(client, token, **fields):
    with TestCase.captureOnCommitCallbacks(execute=True):
        return client.post("/", {"author": "Ada", "message": "Look!", "picture-upload-token": token, **fields})


def refused(response, reason):
    """Require a form with this error, nothing saved, and no second offer of the upload."""
    assert response.status_code == 400
    assert reason in response.text
    assert 'name="picture-upload-token" value=""' in response.text
    assert Entry.objects.count() == 0
    return True


def test_a_picture_is_sent_to_the_bucket_and_accepted(client, bucket):
    content = picture()
    token = uploaded(client, content)
    assert [key.partition("/")[0] for key in bucket.names()] == ["incoming"]

    assert sign(client, token).status_code == 302

    name = Entry.objects.get().picture.name
    assert re.fullmatch(r"pictures/\d{4}/\d\d/\d\d/[0-9a-f]{32}\.png", name)
    assert bucket.names() == [name]
    assert bucket.read(name) == content
    assert bucket.client.head_object(Bucket=BUCKET, Key=name)["ContentType"] == "image/png"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!doctype html><script>alert(1)</script>", "Upload a valid image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "Upload a valid image"),
        (picture()[:40], "Upload a valid image"),
        (picture("TIFF"), "This is a TIFF file"),
    ],
    ids=["HTML", "SVG", "cut off", "TIFF"],
)
def test_a_disguised_picture_is_refused(client, bucket, content, reason):
    assert refused(sign(client, uploaded(client, content)), reason)


@pytest.mark.parametrize(
    ("sent", "changed"),
    [(picture() + b"more", {}), (b"", {}), (picture(), {"Content-Type": "text/html"})],
    ids=["larger", "empty", "other type"],
)
def test_another_object_than_the_announced_one_is_refused(client, bucket, sent, changed):
    granted = announce(client, picture()).json()
    send(granted, sent, **changed)

    assert refused(sign(client, granted["token"]), "Another file arrived than the chosen one")


def test_an_upload_that_never_arrived_is_refused(client, bucket):
    granted = announce(client, picture()).json()

    assert refused(sign(client, granted["token"]), "The file has not arrived, or was used before")


def test_an_upload_is_used_once(client, bucket):
    token = uploaded(client, picture())
    assert sign(client, token).status_code == 302

    response = sign(client, token)

    assert response.status_code == 400
    assert "The file has not arrived, or was used before" in response.text
    assert Entry.objects.count() == 1


def test_another_visitor_cannot_use_an_upload(client, bucket):
    token = uploaded(client, picture())

    assert refused(sign(Client(headers={"X-Forwarded-Proto": "https"}), token), "chosen too long ago or on another")
    assert sign(client, token).status_code == 302


@pytest.mark.parametrize("token", ["x", "a:b:c", "\0", "W10:1:x"])
def test_a_made_up_token_is_refused(client, bucket, token):
    assert refused(sign(client, token), "The file was chosen too long ago or on another device")


def test_a_token_is_valid_for_a_day(client, bucket, monkeypatch):
    token = uploaded(client, picture())
    monkeypatch.setattr("django_runtimes.files.sent_upload._DAY_S", -1)

    assert refused(sign(client, token), "The file was chosen too long ago or on another device")


def test_logging_in_keeps_an_upload(client, bucket, django_user_model):
    token = uploaded(client, picture())
    client.force_login(django_user_model.objects.create_user("ada"))

    assert sign(client, token).status_code == 302


def test_an_object_that_changes_after_the_check_is_not_kept(client, bucket, monkeypatch):
    content = picture()
    granted = announce(client, content).json()
    send(granted, content)

    def after_a_change(**fields):
        send(granted, picture(colour="red"))
        return create_entry(**fields)

    monkeypatch.setattr("webapp.guestbook.pages.create_entry", after_a_change)

    assert sign(client, granted["token"]).status_code == 400
    assert Entry.objects.count() == 0
    assert [key.partition("/")[0] for key in bucket.names()] == ["incoming"]


def test_an_error_in_another_field_keeps_the_upload(client, bucket):
    token = uploaded(client, picture(), name="holiday.png")

    response = sign(client, token, message="")

    assert response.status_code == 400
    assert f'value="{token}"' in response.text
    assert "holiday.png has arrived" in response.text
    assert sign(client, token).status_code == 302


def test_an_entry_that_is_not_saved_leaves_the_upload_for_the_next_attempt(client, bucket, monkeypatch):
    token = uploaded(client, picture())
    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("django.db.models.Model.save_base", _fails)
        assert sign(client, token).status_code == 500

    assert sign(client, token).status_code == 302


def _fails(instance, **kwargs):
    # The file is saved before the row.
    instance.picture.save("a.png", instance.picture.file, save=False)
    raise RuntimeError("the database is gone")


def test_a_bucket_that_does_not_answer_is_an_error_beside_the_field(client, bucket, settings, caplog):
    token = uploaded(client, picture())
    answering = settings.STORAGES
    options = {**answering["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"}
    settings.STORAGES = answering | {"default": {**answering["default"], "OPTIONS": options}}

    response = sign(client, token)

    assert response.status_code == 400
    assert "The file could not be checked. Send the form again." in response.text
    assert "Cannot ask the bucket about the upload incoming/" in caplog.text
    settings.STORAGES = answering
    assert f'value="{token}"' in response.text
    assert sign(client, token).status_code == 302


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url="http://s3"), ClientError({}, "GetObject")])
def test_content_that_cannot_be_read_is_an_error_beside_the_field(client, bucket, monkeypatch, error):
    def content(sent, etag):
        raise error

    token = uploaded(client, picture())
    with monkeypatch.context() as patched:
        patched.setattr(incoming, "content", content)

        response = sign(client, token)

    assert response.status_code == 400
    assert "The file could not be checked. Send the form again." in response.text
    assert sign(client, token).status_code == 302


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\pictures\\a.png", "a.png"),
        ("a\0b\r\n.png", "ab.png"),
        ("a" * 300 + ".png", "a" * 196 + ".png"),
        ('"><script>.png', '"><script>.png'),
    ],
)
def test_tricks_with_names(client, bucket, name, kept):
    request = HttpRequest()
    token = uploaded(client, picture(), name=name)
    request.session = client.session

    assert upload_of(token, request).name == kept
    assert sign(client, token).status_code == 302
    assert "<script>.png" not in client.get("/").text


def test_the_form_may_contain_the_file(client, bucket):
    content = picture()

    response = sign(client, "", picture=SimpleUploadedFile("a.png", content))

    assert response.status_code == 302
    assert bucket.read(Entry.objects.get().picture.name) == content


def test_a_file_in_the_form_replaces_an_earlier_upload(client, bucket):
    token = uploaded(client, picture())
    content = picture(colour="red")

    sign(client, token, picture=SimpleUploadedFile("a.png", content))

    assert bucket.read(Entry.objects.get().picture.name) == content


def test_an_asynchronous_view_receives_an_upload(client, bucket, settings):
    content = picture()
    token = uploaded(client, content)
    settings.ROOT_URLCONF = "tests.integration.files.photo_pages"

    with TestCase.captureOnCommitCallbacks(execute=True):
        accepted = client.post("/", {"picture-upload-token": token})
    again = client.post("/", {"picture-upload-token": token})

    assert bucket.names() == [accepted.text]
    assert bucket.read(accepted.text) == content
    assert again.status_code == 400
    assert "The file has not arrived, or was used before" in again.text


def test_a_token_without_direct_uploads_is_an_error_and_no_lost_picture(client, bucket, settings):
    token = uploaded(client, picture())
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(direct_uploads=False)

    response = sign(client, token)

    assert response.status_code == 400
    assert "Choose it again" in response.text


def test_a_view_that_ignores_uploads_is_told(client, bucket, monkeypatch):
    token = uploaded(client, picture())
    monkeypatch.setattr("webapp.guestbook.pages.uploaded_files", lambda request: request.FILES)

    with pytest.raises(ImproperlyConfigured, match=r"pass django_runtimes\.files\.uploaded_files"):
        sign(client, token)


def test_the_page_loads_the_script_only_for_direct_uploads(client, bucket, settings):
    page = client.get("/").text
    assert re.search(r'<script src="/static/django_runtimes/direct_upload\.[^"]*js" defer></script>', page)
    assert "style=" not in page

    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(direct_uploads=False)
    assert "<script" not in client.get("/").text


def test_a_ticket_of_another_field_does_not_raise_the_limit(client, bucket):
    content = picture().ljust(5 * 1024 * 1024 + 1, b"\0")
    token = uploaded(client, content, ticket=UploadLimits(10_000_000).ticket())

    assert refused(sign(client, token), "This file has 5,242,881 bytes")


def test_the_limits_in_the_page_cannot_be_altered(client, bucket):
    signed = ticket(client)

    assert announce(client, b"x", ticket=f"W{signed}").status_code == 400
