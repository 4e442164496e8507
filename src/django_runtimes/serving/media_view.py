"""Serves uploads from disk when neither a bucket nor a CDN does."""

import errno
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.static import serve


def serve_media(request: HttpRequest, path: str, document_root: Path) -> HttpResponseBase:
    """Call Django's `serve`, but raise Http404 for a name that is too long for the file system."""
    try:
        return serve(request, path, document_root=str(document_root))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Http404(f"{path[:80]}… is longer than a file name can be") from None
        raise
