"""Closes and forgets what Django and other packages hold, before a snapshot."""

import sys
import threading
from typing import Any

from django.core.cache import caches
from django.db import connections

from django_runtimes.entrypoints.snapshots.live_objects import live_objects


def drop_state() -> None:
    """Close the connections of databases, caches, storages and AWS's clients, and forget cached identities."""
    connections.close_all()
    _drop_caches()
    _drop_storages()
    _drop_aws_clients()
    _drop_identities()


def _drop_caches() -> None:
    caches.close_all()
    for alias in list(caches):
        if hasattr(caches._connections, alias):  # type: ignore[attr-defined]
            # Redis keeps its connections open across close().
            del caches[alias]
    locmem: Any = sys.modules.get("django.core.cache.backends.locmem")
    if locmem is not None:
        for entries in (*locmem._caches.values(), *locmem._expire_info.values()):
            entries.clear()


def _drop_storages() -> None:
    files: Any = sys.modules.get("django.core.files.storage")
    if files is None:
        return
    from django.utils.functional import empty

    files.storages._storages.clear()
    files.default_storage._wrapped = empty
    static: Any = sys.modules.get("django.contrib.staticfiles.storage")
    if static is not None:
        static.staticfiles_storage._wrapped = empty
    s3: Any = sys.modules.get("storages.backends.s3")
    if s3 is None:
        return
    # Fields of models hold storages of their own, each with clients of boto3.
    for storage in live_objects(s3.S3Storage):
        storage._connections = threading.local()
        storage._unsigned_connections = threading.local()
        storage._bucket = None


def _drop_aws_clients() -> None:
    boto3: Any = sys.modules.get("boto3")
    if boto3 is not None:
        # The session holds credentials and clients.
        boto3.DEFAULT_SESSION = None


def _drop_identities() -> None:
    mail: Any = sys.modules.get("django.core.mail.utils")
    if mail is not None:
        # The name of the host, which is a part of the ids of messages.
        vars(mail.DNS_NAME).pop("_fqdn", None)
    sites: Any = sys.modules.get("django.contrib.sites.models")
    if sites is not None:
        sites.SITE_CACHE.clear()
