"""Uploads that go from the browser straight to the bucket, and files that are deleted with their rows.

These names are public. A project adds "django_runtimes.files" to INSTALLED_APPS and includes
"django_runtimes.files.urls" in its URLs.
"""

from django_runtimes.files.claims import auploaded_files, uploaded_files
from django_runtimes.files.row_files import deletes_files
from django_runtimes.files.upload_fields import DirectFileField, DirectImageField

__all__ = ["DirectFileField", "DirectImageField", "auploaded_files", "deletes_files", "uploaded_files"]
