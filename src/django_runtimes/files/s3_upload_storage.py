"""django-storages' S3 storage, which copies a direct upload inside the bucket instead of sending its bytes again."""

from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from django.core.exceptions import SuspiciousFileOperation
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from django_runtimes.files import incoming
from django_runtimes.files.awaited_commits import after_commits
from django_runtimes.files.direct_upload import DirectUpload


class S3UploadStorage(S3Storage):  # type: ignore[misc]
    """The default storage with WEBAPP_DIRECT_UPLOADS."""

    def _save(self, name: str, content: Any) -> str:
        if not isinstance(content, DirectUpload):
            saved: str = super()._save(name, content)
            return saved
        self._copy(clean_name(name), content)
        # In a transaction the upload stays until the row that names its copy is committed.
        after_commits(partial(incoming.remove, content.sent))
        return str(clean_name(name))

    def _copy(self, name: str, upload: DirectUpload) -> None:
        key = self._normalize_name(name)
        options = self._get_write_parameters(key, upload)
        # The browser's name may claim another type than the content that was checked.
        options |= {"ContentType": upload.content_type, "MetadataDirective": "REPLACE"}
        if upload.etag:
            # What was checked is what is kept: the browser may send the object again at any time.
            options["CopySourceIfMatch"] = upload.etag
        client = self.connection.meta.client
        try:
            client.copy(incoming.copy_source(upload.sent), self.bucket_name, key, ExtraArgs=options)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (404, 412):
                raise
            raise SuspiciousFileOperation(f"The upload {upload.sent.key} changed after it was checked") from None
