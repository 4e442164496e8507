"""An asynchronous page that receives a picture."""

from asgiref.sync import sync_to_async
from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_runtimes.files import DirectImageField, auploaded_files
from webapp.guestbook.models import Entry


class PhotoForm(forms.Form):
    picture = DirectImageField(max_bytes=1_000_000)


async def receive(request: HttpRequest) -> HttpResponse:
    form = PhotoForm(request.POST, await auploaded_files(request))
    if not await sync_to_async(form.is_valid)():
        return HttpResponse(form.errors.as_text(), status=400)
    entry = await Entry.objects.acreate(author="Ada", message="Look!", picture=form.cleaned_data["picture"])
    return HttpResponse(entry.picture.name)


urlpatterns = [path("", receive)]
