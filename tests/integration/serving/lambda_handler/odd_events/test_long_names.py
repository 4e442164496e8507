"""Behind every front, a media name that is too long for the file system is not found."""

from urllib.parse import unquote

import pytest
from django.conf import settings as project
from django.urls import re_path

from django_runtimes.serving.media_view import serve_media
from tests.integration.serving.lambda_handler.front import FRONTS, event_of, status_of


def media(request, path):
    return serve_media(request, path, document_root=project.MEDIA_ROOT)


urlpatterns = [re_path("^media/(?P<path>.*)$", media)]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    "name",
    ["a" * 256, "a" * 3000 + "/b", "b/" + "a" * 300 + ".png", "é" * 128, "a/" * 3000, "%00", "a" * 300 + "/", "none"],
    ids=["name", "folder", "in a folder", "bytes", "path", "NUL", "slash", "short"],
)
def test_a_name_too_long_for_the_file_system_is_not_found(ours, settings, tmp_path, front, name):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "b").mkdir()

    assert status_of(ours(event_of(front, "GET", f"/media/{unquote(name)}"))) == 404
