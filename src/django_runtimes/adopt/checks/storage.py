"""Checks for caches, sessions and uploads that processes do not share, and for static files of a bucket."""

import os
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.cache import SessionStore as CachedSessions
from django.contrib.sessions.backends.file import SessionStore as FileSessions
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import FileField

from django_runtimes.adopt.configure import adopted
from django_runtimes.adopt.named_class import is_named
from django_runtimes.adopt.steps.file_storage import media_on_disk
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.file_variables import STATIC_BUCKET, STATIC_MANIFEST
from django_runtimes.config.variables.store_variables import SESSIONS
from django_runtimes.stores.tolerance import TolerantCache


def check_caches(**kwargs: Any) -> list[CheckMessage]:
    """Warn about each cache of the project that processes or tasks do not share."""
    if adopted().is_local or not settings.is_overridden("CACHES"):
        return []
    return [
        CheckWarning(
            f"CACHES[{alias!r}] is {place}: no other {sharer} can read or delete its entries.",
            hint="Use Redis, Memcached or django.core.cache.backends.db.DatabaseCache; silence this warning if "
            "separate caches are intended.",
            id="django_runtimes.W022",
        )
        for alias, cache in settings.CACHES.items()
        for place, sharer in _places(cache)
    ]


def check_sessions(**kwargs: Any) -> list[CheckMessage]:
    """Warn if sessions are kept on the disk or in memory, which logs visitors out at random."""
    if adopted().is_local:
        return []
    engine = settings.SESSION_ENGINE
    store = f"{engine}.SessionStore"
    if is_named(store, FileSessions):
        place = "files on the disk"
    elif is_named(store, CachedSessions) and (found := _places(settings.CACHES.get(settings.SESSION_CACHE_ALIAS, {}))):
        place = f"CACHES[{settings.SESSION_CACHE_ALIAS!r}], {found[0][0]}"
    else:
        return []
    return [
        CheckWarning(
            f"SESSION_ENGINE={engine!r} keeps sessions in {place}: a visitor's next request may reach another "
            f"process of {adopted().runtime}, which does not have the session.",
            hint="Use django.contrib.sessions.backends.db or .cached_db, or a cache that all processes share.",
            id="django_runtimes.W023",
        )
    ]


def check_sessions_during_outages(**kwargs: Any) -> list[CheckMessage]:
    """Warn about a session engine of the project in the cache of the store, whose misses log visitors out."""
    engine, alias = settings.SESSION_ENGINE, settings.SESSION_CACHE_ALIAS
    backend = settings.CACHES.get(alias, {}).get("BACKEND", "")
    if not is_named(backend, TolerantCache) or not is_named(f"{engine}.SessionStore", CachedSessions):
        return []
    return [
        CheckWarning(
            f"SESSION_ENGINE={engine!r} keeps sessions in CACHES[{alias!r}], which misses while the store does not "
            "answer: visitors are logged out then.",
            hint=f"Set {SESSIONS.name} to store or database, which replaces the engine, or SESSION_CACHE_ALIAS to "
            "another cache that all processes share.",
            id="django_runtimes.W038",
        )
    ]


def check_media(**kwargs: Any) -> list[CheckMessage]:
    """Warn about each file field whose uploads are stored on a disk that is lost with the process.

    Settings that ask `keeps_media` turn uploads to the default storage off themselves.
    """
    if adopted().is_local:
        return []
    is_default_lost = not adopted().media_question.is_asked and media_on_disk(settings.STORAGES)
    fields = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
        # The default storage is not loaded, which could import boto3.
        and (is_default_lost if field.storage is default_storage else isinstance(field.storage, FileSystemStorage))
    ]
    if not fields:
        return []
    return [
        CheckWarning(
            f"Uploads of {', '.join(sorted(fields))} are stored on the disk, which on {adopted().runtime} belongs to "
            "one process or task and is lost when it ends.",
            hint="Set WEBAPP_MEDIA_BUCKET, or set STORAGES['default'] and the `storage` of each field to another "
            "storage than the disk, or turn uploads off where `configure(globals()).keeps_media` is False.",
            id="django_runtimes.W024",
        )
    ]


def check_static_files(**kwargs: Any) -> list[CheckMessage]:
    """Warn if `publish_static` would refuse the storage of static files."""
    backend = settings.STORAGES.get("staticfiles", {}).get("BACKEND", "")
    if not Environment(os.environ).is_set(STATIC_BUCKET) or is_named(backend, ManifestFilesMixin):
        return []
    return [
        CheckWarning(
            f"{STATIC_BUCKET.name} is set, but the names of static files have no hashes: STORAGES['staticfiles'] is "
            f"{backend!r}, and `webapp publish_static` refuses it.",
            hint=f"Set {STATIC_MANIFEST.name}=1 for collectstatic and at run time (`webapp docs static-files`).",
            id="django_runtimes.W037",
        )
    ]


def _places(cache: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the place of an unshared cache, and the unit that it belongs to ("process", "task"); empty if shared."""
    if is_named(cache.get("BACKEND", ""), LocMemCache):
        return [("each process's memory", "process")]
    if is_named(cache.get("BACKEND", ""), FileBasedCache):
        sharer = "execution environment" if adopted().runtime is Runtime.AWS_LAMBDA else "task"
        return [(f"the disk of each {sharer}", sharer)]
    return []
