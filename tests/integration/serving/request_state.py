"""State that a request may change for its own duration, and views that show or change it."""

import contextvars

from asgiref.local import Local
from django.http import JsonResponse
from django.urls import get_script_prefix, get_urlconf, path, set_script_prefix, set_urlconf
from django.utils import timezone, translation

local = Local()
variable = contextvars.ContextVar("variable", default="unset")


def state():
    return {
        "language": translation.get_language(),
        "time zone": timezone.get_current_timezone_name(),
        "urlconf": get_urlconf(),
        "prefix": get_script_prefix(),
        "local": getattr(local, "value", "unset"),
        "variable": variable.get(),
    }


def change_state():
    translation.activate("de")
    timezone.activate("Europe/Berlin")
    set_urlconf("nowhere")
    set_script_prefix("/changed/")
    local.value = "changed"
    variable.set("changed")


def states(request):
    return JsonResponse(state())


async def astates(request):
    return JsonResponse(state())


def changes(request):
    change_state()
    return JsonResponse(state())


async def achanges(request):
    change_state()
    return JsonResponse(state())


STATE_PATHS = [
    path("sync/states", states),
    path("async/states", astates),
    path("sync/changes", changes),
    path("async/changes", achanges),
]
