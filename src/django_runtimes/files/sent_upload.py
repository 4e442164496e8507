"""An upload that was announced: its place in the bucket and its token, which only the same session can use."""

import secrets
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import NamedTuple, cast

from django.core import signing
from django.http import HttpRequest

# The lifecycle rule of the bucket deletes what lies here for a day.
INCOMING = "incoming"
_DAY_S = 24 * 60 * 60
_SALT = "django_runtimes.files.upload"
_SECRET = "_django_runtimes_uploads"  # noqa: S105  (the key of a value in the session)
_NAME_LENGTH_MAX = 200


class SentUpload(NamedTuple):
    """The key in the bucket, and the name, size and type that the browser announced."""

    key: str
    name: str
    size: int
    content_type: str

    def token(self, request: HttpRequest) -> str:
        """Return the signed text with which a form of the same session claims the upload within a day."""
        return signing.dumps(list(self), salt=_session_salt(request))


def announced_upload(name: str, size: int, content_type: str) -> SentUpload:
    """Return an upload under a key that cannot be guessed."""
    return SentUpload(f"{INCOMING}/{secrets.token_urlsafe(24)}", name, size, content_type)


def upload_of(token: str, request: HttpRequest) -> SentUpload:
    """Return the upload of a token; raise BadSignature if it is another session's, altered or older than a day."""
    return SentUpload(*signing.loads(token, salt=_session_salt(request), max_age=_DAY_S))


def file_name(text: str) -> str | None:
    """Return the last part of a path without control characters and of limited length, or None if nothing is left."""
    name = PurePosixPath(PureWindowsPath(text).name).name
    name = "".join(character for character in name if character.isprintable()).strip()
    if name in {"", ".", ".."}:
        return None
    suffix = PurePath(name).suffix[:20]
    return name if len(name) <= _NAME_LENGTH_MAX else name[: _NAME_LENGTH_MAX - len(suffix)] + suffix


def _session_salt(request: HttpRequest) -> str:
    """Return a salt with a secret of the session, which remains when the user logs in, unlike the session's key."""
    if _SECRET not in request.session:
        request.session[_SECRET] = secrets.token_urlsafe(16)
    return f"{_SALT}.{cast(str, request.session[_SECRET])}"
