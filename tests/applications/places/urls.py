"""A view that saves a place on POST, and lists the places within half a degree of Rome."""

from django.contrib.gis.geos import Point
from django.http import HttpRequest, JsonResponse
from django.urls import path

from places.models import Place

_ROME = Point(12.5, 41.9, srid=4326)


def places(request: HttpRequest) -> JsonResponse:
    """Return the names and coordinates of the places near Rome."""
    if request.method == "POST":
        Place.objects.create(
            name=request.POST["name"], at=Point(float(request.POST["x"]), float(request.POST["y"]), srid=4326)
        )
    near = Place.objects.filter(at__dwithin=(_ROME, 0.5)).order_by("pk")
    return JsonResponse({"near": [[place.name, *place.at.coords] for place in near]})


urlpatterns = [path("places", places)]
