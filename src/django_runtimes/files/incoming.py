"""The bucket's side of a direct upload: permission to send it, what arrived, its content, and its removal."""

import logging
import shutil
import tempfile
from typing import IO, Any, NamedTuple

from botocore.exceptions import ClientError
from django.conf import settings
from django.core.files.storage import default_storage

from django_runtimes.files.sent_upload import SentUpload

# The upload must begin within this time; it may take longer.
_PERMISSION_S = 15 * 60

_log = logging.getLogger(__name__)


class ArrivedObject(NamedTuple):
    """The size, the type and the version of an object that arrived; `etag` changes when it is sent again."""

    size: int
    content_type: str
    etag: str


def permission(upload: SentUpload) -> dict[str, Any]:
    """Return the URL and the form fields with which a browser may send this upload, and nothing else, to S3."""
    exact = {"Content-Type": upload.content_type, "success_action_status": "201"}
    form: dict[str, Any] = _client().generate_presigned_post(
        _bucket(),
        _key(upload),
        Fields=dict(exact),
        Conditions=[
            *({name: value} for name, value in exact.items()),
            ["content-length-range", upload.size, upload.size],
        ],
        ExpiresIn=_PERMISSION_S,
    )
    return form


def arrived(upload: SentUpload) -> ArrivedObject | None:
    """Return what arrived, or None if nothing did or it was removed."""
    try:
        found = _client().head_object(Bucket=_bucket(), Key=_key(upload))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
    return ArrivedObject(found["ContentLength"], found["ContentType"], found["ETag"])


def content(upload: SentUpload, etag: str) -> IO[bytes]:
    """Return the content of this version, in a temporary file if it is large."""
    body = _client().get_object(Bucket=_bucket(), Key=_key(upload), IfMatch=etag)["Body"]
    kept = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115
    shutil.copyfileobj(body, kept)
    kept.seek(0)
    return kept


def copy_source(upload: SentUpload) -> dict[str, str]:
    """Return the place of the upload, as S3's copy names it."""
    return {"Bucket": _bucket(), "Key": _key(upload)}


def remove(upload: SentUpload) -> None:
    """Delete the object, whose copy is kept; log a failure, after which the lifecycle rule deletes it."""
    try:
        _client().delete_object(Bucket=_bucket(), Key=_key(upload))
    except Exception:
        _log.exception("Cannot delete the accepted upload %s; the bucket's lifecycle rule deletes it", _key(upload))


def _client() -> Any:
    return default_storage.connection.meta.client  # type: ignore[attr-defined]


def _bucket() -> str:
    return str(default_storage.bucket_name)  # type: ignore[attr-defined]


def _key(upload: SentUpload) -> str:
    return str(default_storage._normalize_name(upload.key))  # type: ignore[attr-defined]
