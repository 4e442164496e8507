"""Writes large uploads to temporary files, even those with very long extensions."""

from pathlib import PurePath
from typing import Any

from django.core.files import uploadhandler

# Django prepends random letters and ".upload" to the extension; file systems allow 255 bytes for the whole name.
_MAX_SUFFIX_BYTES = 100


class TemporaryFileUploadHandler(uploadhandler.TemporaryFileUploadHandler):
    """Django's handler, except that it truncates an extension that would make the temporary file's name too long."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Start a file, and truncate its extension to 100 bytes, in the upload's name too."""
        suffix = PurePath(file_name).suffix
        if len(suffix.encode(errors="replace")) > _MAX_SUFFIX_BYTES:
            kept = suffix.encode(errors="replace")[:_MAX_SUFFIX_BYTES].decode(errors="ignore")
            file_name = file_name.removesuffix(suffix) + kept
        super().new_file(field_name, file_name, *args, **kwargs)
