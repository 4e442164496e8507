"""Serves uploads from the disk, where no bucket and no CDN does."""

import errno
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.static import serve


def serve_media(request: HttpRequest, path: str, document_root: Path) -> HttpResponseBase:
    """Django's `serve`; Http404, too, for a name that is too long for the file system to have it."""
    try:
        return serve(request, path, document_root=str(document_root))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Http404(f"{path[:80]}… is longer than the name of a file can be") from None
        raise
