"""Variables of the mail."""

import re
from email.utils import parseaddr

from django_runtimes.config.values.choices import MailService
from django_runtimes.config.values.region_code import is_region
from django_runtimes.config.variables.kinds import Choice, Text
from django_runtimes.config.variables.variable import RuleError

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def _address(text: str) -> str:
    if not text.isprintable() or not _ADDRESS.fullmatch(parseaddr(text)[1]):
        raise RuleError("is not an address", "write one such as shop@example.com, or The shop <shop@example.com>")
    return text


def _region(text: str) -> str:
    if not is_region(text):
        raise RuleError("is not a region", "set it to a code such as eu-central-1")
    return text


MAIL = Choice(
    "WEBAPP_MAIL",
    "Service that sends the mail: ses, Amazon's Simple Email Service by its API, with the credentials of the process "
    "(`webapp docs mail`).",
    MailService,
    noun="service",
    default_note="EMAIL_BACKEND of the settings",
)
MAIL_FROM = Text(
    "WEBAPP_MAIL_FROM",
    "Sender of mail: DEFAULT_FROM_EMAIL and SERVER_EMAIL. SES needs its address or domain to be verified.",
    parser=_address,
    default_note="the settings' values",
)
MAIL_REGION = Text(
    "WEBAPP_MAIL_REGION",
    "Region of SES in which the sender is verified.",
    parser=_region,
    default_note="AWS_REGION",
)
