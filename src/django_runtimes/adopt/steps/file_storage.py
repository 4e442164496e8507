"""Decides where static files and uploads are stored."""

import os.path
from collections.abc import Mapping
from typing import Any

from django.conf import global_settings

from django_runtimes.adopt.named_class import is_named
from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import MISSING, Draft, SettingChange
from django_runtimes.adopt.steps.s3_storage import (
    S3,
    S3_BACKENDS,
    S3_BEFORE,
    S3_DIRECT,
    on_s3,
    set_bucket_settings,
)
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.mistakes import Mistakes
from django_runtimes.config.values.access_point import access_point
from django_runtimes.config.variables.file_variables import (
    DIRECT_UPLOADS,
    MEDIA_BUCKET,
    MEDIA_ROOT,
    STATIC_MANIFEST,
    STATIC_ROOT,
)

FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"
PLAIN_STATIC_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED_STATIC_FILES = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_STATIC_FOLDER = "build/static"
_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    # Django's handler appends the upload's extension to the temporary file's name, and fails if it is too long.
    "django_runtimes.serving.uploads.TemporaryFileUploadHandler",
]
# Settings that Django has ignored since 5.1, with their keys in STORAGES.
IGNORED_STORAGES = {"STATICFILES_STORAGE": "staticfiles", "DEFAULT_FILE_STORAGE": "default"}


def refuse_ignored_storages(draft: Draft, variables: ProcessVariables) -> None:
    """Raise ConfigurationError for a storage setting that Django ignores, unless STORAGES has an entry for it."""
    storages = draft.value("STORAGES") if draft.has("STORAGES") else {}
    mistakes = Mistakes()
    for name, key in IGNORED_STORAGES.items():
        if draft.has(name) and key not in storages:
            mistakes.add(
                ConfigurationError(
                    f"{name}={draft.value(name)!r} has had no effect since Django 5.1; write it as "
                    f"STORAGES[{key!r}] = {{'BACKEND': {draft.value(name)!r}}}"
                )
            )
    mistakes.raise_together()


def set_static_files(draft: Draft, variables: ProcessVariables) -> None:
    """Set STATIC_ROOT and, for WEBAPP_STATIC_MANIFEST, the storage of static files."""
    if (folder := variables[STATIC_ROOT]) is not None:
        draft.set("STATIC_ROOT", _absolute(folder), "WEBAPP_STATIC_ROOT is set")
    elif not draft.value("STATIC_ROOT"):
        draft.set("STATIC_ROOT", _absolute(_STATIC_FOLDER), "collectstatic needs a folder, and the settings name none")
    manifest = variables[STATIC_MANIFEST]
    if manifest is False:
        _replace_storage(draft, "staticfiles", {"BACKEND": PLAIN_STATIC_FILES}, f"{STATIC_MANIFEST.name}=0")
    elif manifest and (storage := _storages(draft)["staticfiles"]).get("BACKEND") == PLAIN_STATIC_FILES:
        reason = f"{STATIC_MANIFEST.name}=1: names of static files have hashes, and browsers keep the files"
        _replace_storage(draft, "staticfiles", {**storage, "BACKEND": HASHED_STATIC_FILES}, reason)


def set_uploads(draft: Draft, variables: ProcessVariables) -> None:
    """Set MEDIA_ROOT, FILE_UPLOAD_HANDLERS and, for WEBAPP_MEDIA_BUCKET, STORAGES and django-storages' settings."""
    if (folder := variables[MEDIA_ROOT]) is not None:
        draft.set("MEDIA_ROOT", _absolute(folder), "WEBAPP_MEDIA_ROOT is set")
    draft.default("FILE_UPLOAD_HANDLERS", list(_UPLOAD_HANDLERS), "Django's handlers fail for uploads with long names")
    bucket = variables[MEDIA_BUCKET]
    if bucket is not None:
        storages = _storages(draft)
        storages["default"], reason = on_s3(draft, storages.get("default", {}), bucket)
        set_bucket_settings(draft, variables, storages)
        _replace_storage(draft, "default", storages["default"], reason)
    default = _storages(draft).get("default", {})
    if variables[DIRECT_UPLOADS] and default.get("BACKEND") in (S3, S3_BEFORE):
        _refuse_access_point(draft, default)
        reason = f"{DIRECT_UPLOADS.name}=1: this storage copies uploads inside the bucket"
        _replace_storage(draft, "default", {**default, "BACKEND": S3_DIRECT}, reason)


def _refuse_access_point(draft: Draft, storage: Mapping[str, Any]) -> None:
    options = storage.get("OPTIONS") or {}
    bucket = options.get("bucket_name") or draft.value("AWS_STORAGE_BUCKET_NAME")
    if access_point(bucket) is not None:
        raise ConfigurationError(
            f"{DIRECT_UPLOADS.name}=1 needs the name of a bucket, and the uploads are in the access point {bucket!r}, "
            f"to which boto3 lets no browser send a file; set {MEDIA_BUCKET.name} to its bucket, or "
            f"{DIRECT_UPLOADS.name}=0"
        )


def has_direct_uploads(storages: Mapping[str, Any]) -> bool:
    """Return whether browsers send uploads to the bucket of the default storage."""
    return bool(storages.get("default", {}).get("BACKEND") == S3_DIRECT)


def media_on_disk(storages: Mapping[str, Any]) -> bool:
    """Return whether the default storage is FileSystemStorage or a subclass, importing the class if necessary."""
    default: Mapping[str, Any] = storages.get("default", {})
    backend = default.get("BACKEND", FILE_SYSTEM)
    if backend in (FILE_SYSTEM, *S3_BACKENDS):
        return bool(backend == FILE_SYSTEM)
    from django.core.files.storage import FileSystemStorage

    return is_named(backend, FileSystemStorage)


def _storages(draft: Draft) -> dict[str, Any]:
    return {**global_settings.STORAGES, **draft.value("STORAGES")}


def _replace_storage(draft: Draft, name: str, after: dict[str, Any], reason: str) -> None:
    storages = _storages(draft)
    before = storages.get(name, {})
    if after != before:
        part = SettingChange(("STORAGES", name), before or MISSING, after, reason)
        draft.replace_parts("STORAGES", {**storages, name: after}, [part])


def _absolute(folder: str) -> str:
    return os.path.abspath(folder)  # noqa: PTH100  (a text, as most projects write it)
