"""The storage of direct uploads outside requests; these tests may not use the database."""

from django.core.files.storage import default_storage

from django_runtimes.files.direct_upload import DirectUpload
from django_runtimes.files.incoming import permission
from django_runtimes.files.sent_upload import announced_upload
from tests.integration.files.conftest import send


def test_an_upload_is_kept_without_a_database(bucket):
    sent = announced_upload("a.txt", 3, "text/plain")
    assert send(permission(sent), b"abc") == 201

    name = default_storage.save("kept.txt", DirectUpload(sent, ""))

    assert bucket.names() == [name]
    assert bucket.read(name) == b"abc"
