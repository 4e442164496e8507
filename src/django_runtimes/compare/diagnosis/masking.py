"""Keeps secrets out of what a report shows."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from django.views.debug import SafeExceptionReporterFilter

_PASSWORD_IN_URL = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")
HIDDEN = "***"
# Shorter ones would turn up everywhere.
_SHORTEST = 6


def is_secret(name: str) -> bool:
    """Whether Django hides a setting of this name on its error pages."""
    return bool(SafeExceptionReporterFilter.hidden_settings.search(name))


def secrets_of(environ: Mapping[str, str]) -> frozenset[str]:
    """The values that no report may show: those of secret variables, and passwords within URLs."""
    values = {value for name, value in environ.items() if is_secret(name)}
    for value in environ.values():
        if "://" in value and (password := urlsplit(value).password):
            values |= {password, unquote(password)}
    return frozenset(value for value in values if len(value) >= _SHORTEST)


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without these values and without passwords in URLs."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", text)
