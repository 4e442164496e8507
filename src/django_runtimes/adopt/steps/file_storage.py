"""Decides where static files and uploads are stored."""

import os.path
from collections.abc import Mapping
from typing import Any

from django.conf import global_settings

from django_runtimes.adopt.named_class import is_named
from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import MISSING, Draft, SettingChange
from django_runtimes.adopt.steps.s3_storage import MEDIA_BUCKET_IS_SET, S3, S3_BEFORE, on_s3, set_bucket_settings
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.mistakes import Mistakes
from django_runtimes.config.variables.file_variables import MEDIA_BUCKET, MEDIA_ROOT, STATIC_MANIFEST, STATIC_ROOT

FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"
PLAIN_STATIC_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
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
    """Set STATIC_ROOT and, for WEBAPP_STATIC_MANIFEST=0, the plain storage of static files."""
    if (folder := variables[STATIC_ROOT]) is not None:
        draft.set("STATIC_ROOT", _absolute(folder), "WEBAPP_STATIC_ROOT is set")
    elif not draft.value("STATIC_ROOT"):
        draft.set("STATIC_ROOT", _absolute(_STATIC_FOLDER), "collectstatic needs a folder, and the settings name none")
    if variables[STATIC_MANIFEST] is False:
        _replace_storage(draft, "staticfiles", {"BACKEND": PLAIN_STATIC_FILES}, "WEBAPP_STATIC_MANIFEST=0")


def set_uploads(draft: Draft, variables: ProcessVariables) -> None:
    """Set MEDIA_ROOT, FILE_UPLOAD_HANDLERS and, for WEBAPP_MEDIA_BUCKET, STORAGES and django-storages' settings."""
    if (folder := variables[MEDIA_ROOT]) is not None:
        draft.set("MEDIA_ROOT", _absolute(folder), "WEBAPP_MEDIA_ROOT is set")
    draft.default("FILE_UPLOAD_HANDLERS", list(_UPLOAD_HANDLERS), "Django's handlers fail for uploads with long names")
    bucket = variables[MEDIA_BUCKET]
    if bucket is None:
        return
    storages = _storages(draft)
    storages["default"] = on_s3(storages.get("default", {}), bucket)
    set_bucket_settings(draft, variables, storages)
    _replace_storage(draft, "default", storages["default"], MEDIA_BUCKET_IS_SET)


def media_on_disk(storages: Mapping[str, Any]) -> bool:
    """Return whether the default storage is FileSystemStorage or a subclass, importing the class if necessary."""
    default: Mapping[str, Any] = storages.get("default", {})
    backend = default.get("BACKEND", FILE_SYSTEM)
    if backend in (FILE_SYSTEM, S3, S3_BEFORE):
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
