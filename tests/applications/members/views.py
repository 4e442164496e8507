"""Views for members, who may write only their own letters."""

import itertools
import json

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from members.models import Letter

_answers = itertools.count()


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    return render(request, "members/profile.html", {"letters": Letter.objects.filter(author=request.user).count()})


@login_required
@require_POST
def write_letter(request: HttpRequest, username: str) -> HttpResponse:
    _save(request, username, request.POST["key"], request.POST["text"])
    return redirect("profile")


@login_required
@require_POST
def write_letter_by_api(request: HttpRequest, username: str) -> HttpResponse:
    letter = json.loads(request.body)
    _save(request, username, letter["key"], letter["text"])
    return JsonResponse({"host": request.get_host()}, status=201)


def public(request: HttpRequest) -> HttpResponse:
    """Show the host to visitors, and redirect members to their profile."""
    if request.user.is_authenticated:
        return redirect("profile")
    return HttpResponse(request.get_host(), content_type="text/plain")


def unsteady(request: HttpRequest) -> HttpResponse:
    """Succeed and fail alternately, starting with a success in each process."""
    if next(_answers) % 2:
        raise RuntimeError("unsteady on purpose")
    return HttpResponse()


def _save(request: HttpRequest, username: str, key: str, text: str) -> None:
    if request.user.get_username() != username:
        raise PermissionDenied
    Letter.objects.create(key=key, author=request.user, text=text)
