"""Which fields accept an upload that a form names by its token, and how they are rendered."""

import re

import pytest
from django import forms
from django.http import HttpResponse
from django.views.generic import FormView

from django_runtimes.files import DirectFileField, uploaded_files
from django_runtimes.files.sent_upload import announced_upload


@pytest.fixture
def direct(settings):
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(direct_uploads=True)


class Letter(forms.Form):
    first = DirectFileField(max_bytes=10)
    second = DirectFileField(max_bytes=10)


@pytest.mark.parametrize("field", [forms.FileField, forms.ImageField])
@pytest.mark.parametrize("required", [True, False])
def test_a_field_of_django_refuses_an_upload_that_it_would_not_check(direct, rf, field, required):
    class Plain(forms.Form):
        attachment = field(required=required)

    request = rf.post("/")
    request.session = {}
    token = announced_upload("a.png", 3, "image/png").token(request)
    claiming = rf.post("/", {"attachment-upload-token": token})
    claiming.session = request.session

    form = Plain(claiming.POST, uploaded_files(claiming))

    assert not form.is_valid()
    assert form.errors.as_data()["attachment"][0].code == "invalid"
    claiming.close()


class Album(forms.Form):
    cover = DirectFileField(max_bytes=10, required=False)


class Cover:
    url = "/media/cover.png"

    def __str__(self):
        return "cover.png"


def test_a_present_file_is_shown_and_can_be_cleared(direct):
    html = str(Album(initial={"cover": Cover()}))
    assert '<a href="/media/cover.png">cover.png</a>' in html
    assert 'name="cover-clear"' in html

    form = Album({"cover-clear": "on"}, initial={"cover": Cover()})
    assert form.is_valid()
    assert form.cleaned_data == {"cover": False}


def test_clearing_a_field_and_sending_a_file_is_an_error(direct, rf):
    request = rf.post("/")
    request.session = {}
    token = announced_upload("a.png", 3, "image/png").token(request)
    both = rf.post("/", {"cover-upload-token": token, "cover-clear": "on"})
    both.session = request.session

    form = Album(both.POST, uploaded_files(both), initial={"cover": Cover()})

    assert form.errors.as_data()["cover"][0].code == "contradiction"
    both.close()


@pytest.mark.parametrize("max_bytes", [0, -1, 5 * 1024**3 + 1])
def test_a_limit_that_s3_cannot_hold_is_refused(max_bytes):
    with pytest.raises(ValueError, match=re.escape(f"max_bytes={max_bytes:,} is out of bounds; one upload to S3 has")):
        DirectFileField(max_bytes=max_bytes)


def test_a_class_based_view_finds_the_uploads_in_the_request(direct, rf):
    class AlbumView(FormView):
        form_class = Album

        def post(self, request, *args, **kwargs):
            uploaded_files(request)
            return super().post(request, *args, **kwargs)

        def form_invalid(self, form):
            return HttpResponse(form.errors.as_text(), status=400)

    request = rf.post("/", {"cover-upload-token": "of another session"})
    request.session = {}

    response = AlbumView.as_view()(request)

    assert "The file was chosen too long ago or on another device." in response.text
    request.close()


@pytest.mark.parametrize("render", ["as_p", "as_div", "as_table", "as_ul"])
def test_each_field_has_its_own_parts(direct, render):
    html = getattr(Letter(), render)()

    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for name in ("first", "second"):
        assert {f"id_{name}_upload_{part}" for part in ("error", "progress", "status")} <= set(ids)
