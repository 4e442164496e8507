"""Variables of uploaded and static files."""

import re

from django_runtimes.config.values.access_point import access_point
from django_runtimes.config.variables.kinds import Flag, Text
from django_runtimes.config.variables.variable import RuleError

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

# Other servers and old buckets of us-east-1 have names with other letters.
_MEDIA_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")


def _cdn_host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise RuleError("is not a host name", "write it without a scheme or a path, such as static.example.com")
    return text


def _bucket_name(text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise RuleError(
            "is not the name of a bucket", "write 3 to 63 lower-case letters, digits, dots and hyphens, without s3://"
        )
    return text


def _media_bucket(text: str) -> str:
    if not _MEDIA_BUCKET.fullmatch(text) and access_point(text) is None:
        raise RuleError(
            "is not the name of a bucket", "write its name or the ARN of its access point, without s3:// or a folder"
        )
    return text


MEDIA_BUCKET = Text(
    "WEBAPP_MEDIA_BUCKET",
    "S3 bucket for uploaded files, in the region of AWS_REGION. It becomes the default storage; without a bucket the "
    "settings' own storage is used.",
    parser=_media_bucket,
)
DIRECT_UPLOADS = Flag(
    "WEBAPP_DIRECT_UPLOADS",
    "Whether the form fields of `django_runtimes.files` send files straight from the browser to the bucket, which has "
    "none of the limits of Lambda. Without a bucket the form contains the file as usual (`webapp docs media`).",
    default=False,
)
MEDIA_ROOT = Text(
    "WEBAPP_MEDIA_ROOT",
    "Directory for uploaded files when there is no bucket.",
    default_note="MEDIA_ROOT of the settings",
)
STATIC_ROOT = Text(
    "WEBAPP_STATIC_ROOT",
    "Directory that collectstatic writes to and that static files are served from.",
    default_note="STATIC_ROOT of the settings, else build/static in the working directory",
)
STATIC_MANIFEST = Flag(
    "WEBAPP_STATIC_MANIFEST",
    "If 1, WhiteNoise's CompressedManifestStaticFilesStorage replaces Django's StaticFilesStorage, and no other "
    "storage: collectstatic compresses the files and gives them names with hashes, which browsers keep forever. Set it "
    "for collectstatic and at run time alike (`webapp docs static-files`). If 0, Django's StaticFilesStorage replaces "
    "any storage of static files, for tests without collectstatic.",
    default_note="the settings' own storage",
)
STATIC_HOST = Text(
    "WEBAPP_STATIC_HOST",
    "Host name of the CDN from which browsers load static files, over HTTPS. The CDN reads them from "
    "WEBAPP_STATIC_BUCKET, or from the application (`webapp docs static-files`).",
    parser=_cdn_host,
    default_note="the application's own host",
)
STATIC_BUCKET = Text(
    "WEBAPP_STATIC_BUCKET",
    "S3 bucket that `webapp publish_static` copies the static files to. Without WEBAPP_STATIC_HOST, browsers load them "
    "from the bucket, which must then be public and in the region of AWS_REGION.",
    parser=_bucket_name,
)
