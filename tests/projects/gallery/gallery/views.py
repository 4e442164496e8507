from django.shortcuts import render
from django.views.generic import DetailView, ListView

from gallery.models import Picture


class PictureList(ListView):
    model = Picture
    paginate_by = 20


class PictureDetail(DetailView):
    model = Picture


async def about(request):
    return render(request, "about.html", {"count": await Picture.objects.acount()})
