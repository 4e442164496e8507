"""Copies collected static files to a bucket, from which a CDN or browsers load them."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.files import File
from storages.backends.s3 import S3Storage
from whitenoise.media_types import MediaTypes

from django_runtimes.config.configuration_error import ConfigurationError

# A name with a hash never gets another content.
_FOREVER = "public, max-age=315360000, immutable"
_BRIEFLY = "public, max-age=300"
_CONNECTIONS = 8
_COMPRESSED = (".gz", ".br")
_TEXT = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
# The settings and variables of django-storages describe the bucket of uploads, which may be on another service.
_PLACE = {
    "access_key": None,
    "secret_key": None,
    "security_token": None,
    "session_profile": None,
    "endpoint_url": None,
    "use_ssl": True,
    "verify": None,
    "signature_version": None,
    "addressing_style": None,
    "client_config": None,
    "transfer_config": None,
    "custom_domain": None,
    "cloudfront_key_id": None,
    "cloudfront_key": None,
}


class PublishedFiles(NamedTuple):
    """The number of files that were copied, and of those that were there already."""

    copied: int
    present: int


class StaticBucket(S3Storage):  # type: ignore[misc]
    """The bucket: files are below the path of STATIC_URL, and text is compressed.

    boto3 finds the endpoint and the credentials, as for any bucket of the process's role.
    """

    def __init__(self, bucket: str, region: str | None, hashed: frozenset[str]) -> None:
        self._hashed = hashed
        # The table of the system has few types in a slim image.
        self._types = MediaTypes(extra_types=getattr(settings, "WHITENOISE_MIMETYPES", None))
        super().__init__(
            bucket_name=bucket,
            location=urlsplit(settings.STATIC_URL).path.strip("/"),
            default_acl=None,
            file_overwrite=True,
            gzip=True,
            gzip_content_types=_TEXT,
            querystring_auth=False,
            # boto3 does not read AWS_REGION.
            region_name=region,
            **_PLACE,
        )

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        """Return the headers of an object; `name` includes the location."""
        relative = name.removeprefix(f"{self.location}/") if self.location else name
        return {
            "CacheControl": _FOREVER if relative in self._hashed else _BRIEFLY,
            "ContentType": self._types.get_type(name),
        }

    def present(self) -> set[str]:
        """Return the names of all files in the bucket."""
        prefix = f"{self.location}/" if self.location else ""
        return {each.key.removeprefix(prefix) for each in self.bucket.objects.filter(Prefix=prefix)}


def publish(bucket: str, region: str | None) -> PublishedFiles:
    """Copy what the bucket lacks, and every file whose name has no hash; files of former versions remain."""
    hashed = _hashed_names()
    root = Path(str(settings.STATIC_ROOT))
    present = StaticBucket(bucket, region, hashed).present() & hashed
    names = sorted(name for name in _collected(root) if name not in present)
    own = threading.local()

    def copy(name: str) -> None:
        # A resource of boto3 must not be shared between threads.
        if not hasattr(own, "bucket"):
            own.bucket = StaticBucket(bucket, region, hashed)
        with (root / name).open("rb") as content:
            own.bucket.save(name, File(content, name))

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        # Files that stylesheets and scripts load have hashes too; names without one come last, for old pages.
        list(pool.map(copy, sorted(names, key=lambda name: name not in hashed)))
    return PublishedFiles(len(names), len(present))


def _hashed_names() -> frozenset[str]:
    storage: Any = staticfiles_storage
    if not isinstance(storage, ManifestFilesMixin):
        backend = settings.STORAGES["staticfiles"]["BACKEND"]
        raise ConfigurationError(
            f"STORAGES['staticfiles'] is {backend!r}, whose names have no hashes, so browsers would keep old files; "
            "set WEBAPP_STATIC_MANIFEST=1, or use 'whitenoise.storage.CompressedManifestStaticFilesStorage', and run "
            "collectstatic again"
        )
    names = frozenset(storage.hashed_files.values())
    if not names:
        raise ConfigurationError(
            f"STATIC_ROOT={str(settings.STATIC_ROOT)!r} has no {storage.manifest_name}; run collectstatic first"
        )
    return names


def _collected(root: Path) -> Iterator[str]:
    """Yield the names of all files but the manifest and the compressed copies for WhiteNoise."""
    storage: Any = staticfiles_storage
    for path in root.rglob("*"):
        if not path.is_file() or path.name == storage.manifest_name:
            continue
        if path.suffix not in _COMPRESSED or not path.with_suffix("").is_file():
            yield path.relative_to(root).as_posix()
