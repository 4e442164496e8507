"""The default Content-Security-Policy, in the format of Django 6's SECURE_CSP and of django-csp's settings."""

from collections.abc import Mapping, Sequence
from typing import Any

# The values of django.utils.csp.CSP, which Django 5.2 lacks.
SELF = "'self'"
NONE = "'none'"
NONCE = "<CSP_NONCE_SENTINEL>"


def default_policy(static: Sequence[str], media: Sequence[str], frames: str) -> dict[str, list[str]]:
    """Return the default policy, with the further origins of static files and uploads.

    `frames` is the value of X-Frame-Options.
    """
    return {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, *static],
        "style-src": [SELF, NONCE, *static],
        "font-src": [SELF, *static],
        "img-src": [SELF, "data:", *static, *(origin for origin in media if origin not in static)],
        "media-src": [SELF, *media],
        # Browsers send large uploads straight to the bucket.
        "connect-src": [SELF, *media],
        "form-action": [SELF, *media],
        "frame-ancestors": [SELF if frames.upper() == "SAMEORIGIN" else NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }


def as_django_csp(policy: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a policy in the format of SECURE_CSP as a setting of django-csp."""
    return {"DIRECTIVES": {directive: _values(values) for directive, values in policy.items()}}


def _values(values: Any) -> Any:
    # Only projects on Django 5.2 need this import.
    from csp.constants import NONCE as NONCE_OF_DJANGO_CSP

    if values is None or isinstance(values, bool):
        return values or None
    several = [values] if isinstance(values, str) else sorted(values) if isinstance(values, set) else values
    return [NONCE_OF_DJANGO_CSP if value == NONCE else value for value in several]
