"""Checks for settings that are right only on a developer's machine."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.configure import adopted
from django_runtimes.config.secret_key import FEWEST_DIFFERENT, SHORTEST_KEY, is_monotonous

_KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_S3_ACCESS_KEY_ID",
    "AWS_S3_SECRET_ACCESS_KEY",
    "AWS_SES_ACCESS_KEY_ID",
    "AWS_SES_SECRET_ACCESS_KEY",
)
# django-storages' names for these keys in STORAGES.
_OPTIONS = ("access_key", "secret_key")


def check_aws_keys(**kwargs: Any) -> list[CheckMessage]:
    """Warn about AWS keys in the settings, without showing them."""
    keys = [] if adopted().is_local else [*_aws_keys()]
    if not keys:
        return []
    return [
        CheckWarning(
            f"{', '.join(keys)} in the settings replace the role that {adopted().runtime} gives the process: "
            "keys do not rotate, and the temporary keys that the runtime puts into variables expire.",
            hint="Remove them, since boto3 finds the role by itself, and grant the role the keys' permissions.",
            id="django_runtimes.W026",
        )
    ]


def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    """Warn if ALLOWED_HOSTS accepts any host."""
    if adopted().is_local or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        CheckWarning(
            "ALLOWED_HOSTS has '*' and so accepts forged hosts: links in e-mails and cached pages may lead to another "
            "site.",
            hint="Name the hosts that users type, in the settings or with WEBAPP_ALLOWED_HOSTS.",
            id="django_runtimes.W028",
        )
    ]


def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    """Warn if the secret key has too few different characters, without showing it."""
    if adopted().is_local or not settings.SECRET_KEY or not is_monotonous(settings.SECRET_KEY):
        return []
    return [
        CheckWarning(
            f"SECRET_KEY has {len(set(settings.SECRET_KEY))} different characters, fewer than {FEWEST_DIFFERENT}: "
            "others may guess it, and forge sessions and password reset links.",
            hint=f"Set WEBAPP_SECRET_KEY to a random text of at least {SHORTEST_KEY} characters.",
            id="django_runtimes.W031",
        )
    ]


def _aws_keys() -> Iterator[str]:
    yield from (name for name in _KEYS if getattr(settings, name, None))
    for alias, storage in settings.STORAGES.items():
        options = storage.get("OPTIONS") or {}
        yield from (f"STORAGES[{alias!r}]['OPTIONS'][{name!r}]" for name in _OPTIONS if options.get(name))
