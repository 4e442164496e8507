"""Keeps secrets out of reports."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from django.views.debug import SafeExceptionReporterFilter

_PASSWORD_IN_URL = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")
HIDDEN = "***"
# Shorter values would match unrelated text.
_MIN_LENGTH = 6


def is_secret(name: str) -> bool:
    """Return whether Django hides a setting of this name on its error pages."""
    return bool(SafeExceptionReporterFilter.hidden_settings.search(name))


def secrets_of(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the values that no report may show: secret variables, and passwords in URLs."""
    values = {value for name, value in environ.items() if is_secret(name)}
    for value in environ.values():
        if "://" in value and (password := urlsplit(value).password):
            values |= {password, unquote(password)}
    return frozenset(value for value in values if len(value) >= _MIN_LENGTH)


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return the text with these values and the passwords in URLs replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", text)
