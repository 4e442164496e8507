"""The largest size and the types that a form field accepts, signed so that the page can carry them."""

from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from django_runtimes.config.adopted import SETTING

SIGN_URL = "django_runtimes_files:sign"
_SALT = "django_runtimes.files.limits"


class UploadLimits(NamedTuple):
    """The largest number of bytes, and the accepted content types; no types accept every type."""

    max_bytes: int
    content_types: tuple[str, ...] = ()

    def ticket(self) -> str:
        """Return the limits as a signed text, which `limits_of` reads."""
        return signing.dumps([self.max_bytes, *self.content_types], salt=_SALT)

    def mistake(self, size: int, content_type: str) -> str | None:
        """Return why a file of this size and type is refused, for the user, or None if it is accepted."""
        if size < 1:
            return _("The file is empty. Choose another file.")
        if size > self.max_bytes:
            return _("This file has %(size)s bytes; send at most %(limit)s.") % {
                "size": f"{size:,}",
                "limit": f"{self.max_bytes:,}",
            }
        if self.content_types and content_type not in self.content_types:
            return _("This file is of the type %(type)s; send one of: %(types)s.") % {
                "type": content_type,
                "types": ", ".join(self.content_types),
            }
        return None


def limits_of(ticket: str) -> UploadLimits:
    """Return the limits that a ticket carries; raise BadSignature for a text that `ticket()` has not returned."""
    max_bytes, *content_types = signing.loads(ticket, salt=_SALT)
    return UploadLimits(max_bytes, tuple(content_types))


def uploads_are_direct() -> bool:
    """Return whether browsers send files straight to the bucket."""
    adopted = getattr(settings, SETTING, None)
    return adopted is not None and bool(adopted.direct_uploads)
