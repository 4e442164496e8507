"""Validates entries for the page and the API."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator

from django_runtimes.files import DirectImageField
from webapp.guestbook.models import AUTHOR_LENGTH_MAX, MESSAGE_LENGTH_MAX

_PICTURE_BYTES_MAX = 5 * 1024 * 1024
_PICTURE_EXTENSIONS = ("gif", "jpeg", "jpg", "png", "webp")
_PICTURE_FORMATS = ("GIF", "JPEG", "PNG", "WEBP")


class PlainTextField(forms.CharField):
    """Text that PostgreSQL can store; Django's own field already rejects NUL."""

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value))
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("The text has half of a surrogate pair; send valid Unicode.") from None
        # Browsers send CRLF but count it as one character for maxlength.
        return text.replace("\r\n", "\n")


class PictureField(DirectImageField):
    """A picture that Pillow can decode, in a format that browsers display."""

    default_validators = [FileExtensionValidator(_PICTURE_EXTENSIONS)]

    def to_python(self, data: Any) -> Any:
        upload: Any = super().to_python(data)
        if upload is not None and upload.image.format not in _PICTURE_FORMATS:
            raise ValidationError(f"This is a {upload.image.format} file; send one of: {', '.join(_PICTURE_FORMATS)}.")
        return upload


class EntryForm(forms.Form):
    """An entry without a picture; not a ModelForm, so that validation runs no query."""

    author = PlainTextField(
        label="Your name",
        max_length=AUTHOR_LENGTH_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    message = PlainTextField(
        max_length=MESSAGE_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class PictureEntryForm(EntryForm):
    """An entry with an optional picture, for runtimes that can store uploads."""

    picture = PictureField(
        required=False,
        max_bytes=_PICTURE_BYTES_MAX,
        content_types=("image/gif", "image/jpeg", "image/png", "image/webp"),
        help_text="Optional: JPEG, PNG, WebP or GIF, at most 5 MB.",
    )


class PageForm(forms.Form):
    """The page number and page size in an API request."""

    page = forms.IntegerField(min_value=1, required=False)
    page_size = forms.IntegerField(min_value=1, max_value=100, required=False)
