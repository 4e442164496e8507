"""Gives a browser permission to send one file straight to the bucket."""

import logging
import re

from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from django_runtimes.files.sent_upload import announced_upload, file_name
from django_runtimes.files.upload_limits import limits_of, uploads_are_direct

_log = logging.getLogger(__name__)
# RFC 6838's names, and parameters without control characters: S3 stores the type and returns it as a header.
_TYPE = re.compile(r"(?=.{3,255}$)[\w!#$&^.+-]+/[\w!#$&^.+-]+( *;[ -~]*)?", re.ASCII)


@require_POST
@never_cache
def sign_upload(request: HttpRequest) -> JsonResponse:
    """Return the bucket's URL, the form fields and the token of one upload; 400 with a reason if it is refused."""
    if not uploads_are_direct():
        raise Http404
    try:
        limits = limits_of(request.POST.get("ticket", ""))
    except BadSignature:
        return _refusal(_("The page is out of date. Load it again."))
    name = file_name(request.POST.get("name", ""))
    if name is None:
        return _refusal(_("The file has no name. Rename it and choose it again."))
    size = request.POST.get("size", "")
    if not (size.isascii() and size.isdigit()) or len(size) > 15:
        return _refusal(_("The size of the file is unknown. Choose it again."))
    content_type = request.POST.get("type", "")
    if mistake := limits.mistake(int(size), content_type) or _type_mistake(content_type):
        return _refusal(mistake)
    # Only this view and the forms with an upload import boto3.
    from botocore.exceptions import BotoCoreError, ClientError

    from django_runtimes.files.incoming import permission

    upload = announced_upload(name, int(size), content_type)
    try:
        form = permission(upload)
    except (BotoCoreError, ClientError):
        # STS refuses a role by the second one.
        _log.exception("Cannot sign an upload to the bucket")
        return _refusal(_("The upload cannot start now. Try again in a moment."), status=503)
    return JsonResponse({"url": form["url"], "fields": form["fields"], "token": upload.token(request)})


def _type_mistake(content_type: str) -> str | None:
    return None if _TYPE.fullmatch(content_type) else _("The type of the file is unknown. Choose another file.")


def _refusal(reason: str, *, status: int = 400) -> JsonResponse:
    return JsonResponse({"error": reason}, status=status)
