"""A project's own subclasses of backends that keep everything on one machine."""

from django.contrib.sessions.backends.file import SessionStore as FileSessions
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.files.storage import FileSystemStorage


class DiskCache(FileBasedCache): ...


class MemoryCache(LocMemCache): ...


class OverwritingStorage(FileSystemStorage): ...


class SessionStore(FileSessions): ...
