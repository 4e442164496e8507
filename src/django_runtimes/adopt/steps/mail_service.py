"""Decides which service sends the mail, and the sender."""

import django
import django.conf

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.mail_region import required_mail_region
from django_runtimes.config.variables.mail_variables import MAIL, MAIL_FROM

_BACKEND = "django_runtimes.mail.ses_backend.SesBackend"
_SENDERS = ("DEFAULT_FROM_EMAIL", "SERVER_EMAIL")
_HAS_MAILERS = django.VERSION >= (6, 1)
# Django 6.1 deprecates these, and refuses MAILERS beside one of them.
_BEFORE_MAILERS: frozenset[str] = frozenset(getattr(django.conf, "DEPRECATED_EMAIL_SETTINGS", ()))


def set_mail(draft: Draft, variables: ProcessVariables) -> None:
    """Set the backend for WEBAPP_MAIL and the senders for WEBAPP_MAIL_FROM."""
    sender = variables[MAIL_FROM]
    if sender is not None:
        for name in _SENDERS:
            draft.set(name, sender, f"{MAIL_FROM.name} is set")
    if variables[MAIL] is None:
        return
    required_mail_region(variables.environment)
    if not draft.has(_SENDERS[0]) and sender is None:
        raise ConfigurationError(
            f"{MAIL.name}=ses needs a sender that is verified in SES, and the settings have no {_SENDERS[0]}; set "
            f"{MAIL_FROM.name}"
        )
    reason = f"{MAIL.name}=ses"
    if _HAS_MAILERS and not any(draft.has(name) for name in _BEFORE_MAILERS):
        draft.set("MAILERS", {**(draft.value("MAILERS") or {}), "default": {"BACKEND": _BACKEND}}, reason)
    else:
        draft.set("EMAIL_BACKEND", _BACKEND, reason)
