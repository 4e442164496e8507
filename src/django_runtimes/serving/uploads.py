"""Writes large uploads to temporary files, whatever the clients call them."""

from pathlib import PurePath
from typing import Any

from django.core.files import uploadhandler

# Django puts random letters and ".upload" in front of it; file systems take 255 bytes for all.
_LONGEST_SUFFIX_BYTES = 100


class TemporaryFileUploadHandler(uploadhandler.TemporaryFileUploadHandler):
    """Django's, which names the file by the upload's extension and fails where that is too long."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Start a file; a long extension is cut off at 100 bytes, in the upload's name as well."""
        suffix = PurePath(file_name).suffix
        if len(suffix.encode(errors="replace")) > _LONGEST_SUFFIX_BYTES:
            kept = suffix.encode(errors="replace")[:_LONGEST_SUFFIX_BYTES].decode(errors="ignore")
            file_name = file_name.removesuffix(suffix) + kept
        super().new_file(field_name, file_name, *args, **kwargs)
