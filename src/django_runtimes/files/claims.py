"""Finds the direct uploads that a form names by their tokens."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.signing import BadSignature
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from django_runtimes.files.direct_upload import ClaimedUpload, UnusableUpload
from django_runtimes.files.sent_upload import upload_of
from django_runtimes.files.upload_limits import uploads_are_direct
from django_runtimes.files.upload_widget import TOKEN_SUFFIX


def uploaded_files(request: HttpRequest) -> "MultiValueDict[str, Any]":
    """Return request.FILES with the direct uploads of the form, for `Form(request.POST, uploaded_files(request))`.

    A file in the form itself has precedence over an upload that was sent before. Only the fields of this library accept
    an upload.
    """
    for name, token in list(request.POST.items()):
        field = name.removesuffix(TOKEN_SUFFIX)
        if field != name and token and field not in request.FILES:
            # Django closes the files of the request, and so these too.
            request.FILES[field] = _claimed(str(token), request)
    return request.FILES


async def auploaded_files(request: HttpRequest) -> "MultiValueDict[str, Any]":
    """Return `uploaded_files(request)` in an asynchronous view, where reading the session must not block."""
    return await sync_to_async(uploaded_files)(request)


def _claimed(token: str, request: HttpRequest) -> Any:
    if uploads_are_direct():
        try:
            return ClaimedUpload(upload_of(token, request), token)
        except BadSignature:
            pass
    return UnusableUpload(_("The file was chosen too long ago or on another device. Choose it again."))
