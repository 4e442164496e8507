from django.urls import path

from instrumented import views

_NAMES = ("plain", "mark", "fail", "mark_fail", "stream")

urlpatterns = [
    *(path(f"sync/{name}/<int:number>", getattr(views, name)) for name in _NAMES),
    *(path(f"async/{name}/<int:number>", getattr(views, f"a{name}")) for name in _NAMES),
]
