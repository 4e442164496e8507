"""Keeps `request.auser()` correct after a login or logout during the request."""

from typing import Any

from django.apps import apps
from django.contrib.auth.signals import user_logged_in, user_logged_out


def keep_auser_current() -> None:
    """Connect the receivers; calling it again has no effect.

    Django before 6.0 updates only `request.user`. `request.auser()` keeps its cached result: no user after a login by
    `RemoteUserMiddleware`, and the former user after a logout.
    """
    if apps.is_installed("django.contrib.auth"):
        user_logged_in.connect(_remember)
        user_logged_out.connect(_forget)


def _remember(request: Any, user: Any, **_: Any) -> None:
    if hasattr(request, "_acached_user"):
        request._acached_user = user


def _forget(request: Any, **_: Any) -> None:
    if hasattr(request, "_acached_user"):
        del request._acached_user
