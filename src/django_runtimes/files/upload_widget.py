"""The input of a file that a script sends straight to the bucket, and that works as Django's input without it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.widgets import Script
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_runtimes.files.direct_upload import UnusableUpload
from django_runtimes.files.upload_limits import SIGN_URL, UploadLimits, uploads_are_direct

# The name of the field with the token is the input's with this suffix, which no field's own name can have.
TOKEN_SUFFIX = "-upload-token"  # noqa: S105


class UnclaimedUpload(UnusableUpload):
    """A token that the view has not looked up."""


class DirectUploadInput(forms.ClearableFileInput):
    """A file input, which shows the present file of a row as Django's does; its field sets the limits."""

    limits: UploadLimits

    @property
    def media(self) -> forms.Media:
        """The script, if uploads are direct."""
        if not uploads_are_direct():
            return forms.Media()
        return forms.Media(js=[Script("django_runtimes/direct_upload.js", defer=True)])  # type: ignore[list-item]  # newer than the stubs

    def value_from_datadict(self, data: Mapping[str, Any], files: "MultiValueDict[str, Any]", name: str) -> Any:
        """Return the file, or a sign that the view has ignored an upload."""
        found = super().value_from_datadict(data, files, name)
        # It is False if the user clears the field.
        if not found and data.get(f"{name}{TOKEN_SUFFIX}"):
            return UnclaimedUpload("")
        return found

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the input with its token, its progress bar, and the places of its status and its error."""
        if not uploads_are_direct():
            return super().render(name, value, attrs, renderer)
        token = getattr(value, "token", "")
        own = dict(attrs or {})
        if token:
            own.pop("required", None)
        own |= {
            "data-upload-url": reverse(SIGN_URL),
            "data-upload-ticket": self.limits.ticket(),
            "data-upload-failed": _("The upload failed. Check your connection and send the form again."),
            "data-upload-refused": _("The server did not accept the upload. Load the page again and repeat it."),
            # The script inserts the seconds.
            "data-upload-wait": _("Send the form again in %(seconds)s s."),
            "data-upload-running": _("Uploading…"),
        }
        place = f"{own.get('id', name)}_upload"
        return format_html(
            '<p class="upload-error errorlist" role="alert" id="{}_error" hidden></p>{}'
            '<input type="hidden" name="{}" value="{}">'
            '<progress id="{}_progress" max="100" value="0" aria-label="{}" hidden></progress>'
            '<p class="upload-status" role="status" id="{}_status">{}</p>',
            place,
            super().render(name, value, own, renderer),
            f"{name}{TOKEN_SUFFIX}",
            token,
            place,
            _("Upload"),
            place,
            _("%(name)s has arrived. Choose another file to replace it.") % {"name": value.name} if token else "",
        )
