"""Form fields for files that the browser sends straight to the bucket, or in the form where there is none."""

from contextlib import nullcontext
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.uploadedfile import UploadedFile

from django_runtimes.files.direct_upload import ClaimedUpload, UnusableUpload
from django_runtimes.files.upload_limits import UploadLimits
from django_runtimes.files.upload_widget import DirectUploadInput, UnclaimedUpload

# S3's limit for one POST.
_MOST_BYTES = 5 * 1024**3


class DirectFileField(forms.FileField):
    """A file of at most `max_bytes`; `content_types` are the types that may go to the bucket, by default all.

    The view passes `uploaded_files(request)` (or `await auploaded_files(request)`) to the form instead of
    `request.FILES`, and the template includes `form.media`. The field checks what arrived before the form is valid.
    """

    def __init__(self, *, max_bytes: int, content_types: tuple[str, ...] = (), **options: Any) -> None:
        if not 1 <= max_bytes <= _MOST_BYTES:
            raise ValueError(
                f"max_bytes={max_bytes:,} is out of bounds; one upload to S3 has 1 to {_MOST_BYTES:,} bytes"
            )
        self.limits = UploadLimits(max_bytes, content_types)
        widget = options.pop("widget", None) or DirectUploadInput(
            attrs={"accept": ",".join(content_types)} if content_types else {}
        )
        if not isinstance(widget, DirectUploadInput):
            raise TypeError(f"widget={widget!r} is not a DirectUploadInput; leave it out, or pass one")
        widget.limits = self.limits
        super().__init__(widget=widget, **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Validate the file; a refused upload is not offered again when the form is shown with its errors."""
        try:
            # Validators read the content too.
            with data.upload.checks() if isinstance(data, ClaimedUpload) else nullcontext():
                return super().clean(data, initial)
        except ValidationError as error:
            if isinstance(data, ClaimedUpload) and getattr(error, "code", None) != "unchecked":
                data.upload.token = ""
            raise

    def to_python(self, data: Any) -> Any:
        """Check the size, and what arrived in the bucket, before the content is read."""
        if isinstance(data, UnclaimedUpload):
            raise ImproperlyConfigured(
                "The form got request.FILES, which lacks direct uploads; pass "
                "django_runtimes.files.uploaded_files(request) instead, or await auploaded_files(request)"
            )
        if isinstance(data, UnusableUpload):
            raise ValidationError(data.reason, "unusable")
        if isinstance(data, ClaimedUpload):
            _refuse_mistake(self.limits, data.upload)
            data.upload.verify()
            return super().to_python(data.upload)
        if isinstance(data, UploadedFile) and data.size:
            _refuse_mistake(UploadLimits(self.limits.max_bytes), data)
        return super().to_python(data)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return an accepted upload for the form that is shown with errors of other fields."""
        return data.upload if isinstance(data, ClaimedUpload) else super().bound_data(data, initial)


class DirectImageField(DirectFileField, forms.ImageField):
    """A picture that Pillow can decode, as Django's ImageField checks it."""


def _refuse_mistake(limits: UploadLimits, file: "UploadedFile[Any]") -> None:
    if mistake := limits.mistake(file.size or 0, file.content_type or ""):
        raise ValidationError(mistake, "limits")
