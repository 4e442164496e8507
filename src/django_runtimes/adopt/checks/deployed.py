"""Checks of settings that are right on a developer's machine alone."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from django_runtimes.adopt.configure import adopted

_KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_S3_ACCESS_KEY_ID",
    "AWS_S3_SECRET_ACCESS_KEY",
    "AWS_SES_ACCESS_KEY_ID",
    "AWS_SES_SECRET_ACCESS_KEY",
)
# django-storages' names for the same in STORAGES.
_OPTIONS = ("access_key", "secret_key")


def check_aws_keys(**kwargs: Any) -> list[CheckMessage]:
    """A warning for the AWS keys in the settings, which are not shown."""
    keys = [] if adopted().is_local else [*_aws_keys()]
    if not keys:
        return []
    return [
        CheckWarning(
            f"{', '.join(keys)} in the settings take the place of the role that {adopted().runtime} gives the process: "
            "they do not rotate, and the runtime's own, which a variable may hold, expire.",
            hint="Leave them out: boto3 finds the role by itself. Give it what the keys may do.",
            id="django_runtimes.W026",
        )
    ]


def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    """A warning for hosts that anybody may forge."""
    if adopted().is_local or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        CheckWarning(
            "ALLOWED_HOSTS accepts forged hosts by '*': links in e-mails and cached pages may lead elsewhere.",
            hint="Name the hosts that users type, in the settings or by WEBAPP_ALLOWED_HOSTS.",
            id="django_runtimes.W028",
        )
    ]


def _aws_keys() -> Iterator[str]:
    yield from (name for name in _KEYS if getattr(settings, name, None))
    for alias, storage in settings.STORAGES.items():
        options = storage.get("OPTIONS") or {}
        yield from (f"STORAGES[{alias!r}]['OPTIONS'][{name!r}]" for name in _OPTIONS if options.get(name))
