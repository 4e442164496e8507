"""The context processor of Django 6 for Django 5.2: it gives templates the nonce of django-csp."""

from typing import Any

from django.http import HttpRequest


def csp(request: HttpRequest) -> dict[str, Any]:
    """Return `csp_nonce`; a response without the policy has none."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
