"""Sends mail through the API of Amazon SES, with the credentials of the process."""

import base64
import json
import logging
import os
from collections.abc import Sequence
from email import policy
from email.utils import parseaddr
from functools import cache
from smtplib import SMTPException
from typing import Any

import django
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from django_runtimes.aws.aws_service import SES
from django_runtimes.aws.service_client import AwsAnswerError, AwsUnavailableError, ServiceClient
from django_runtimes.config.environment import Environment
from django_runtimes.config.mail_region import required_mail_region

_LOGGER = logging.getLogger("django_runtimes.mail")
_PATH = "/v2/email/outbound-emails"
_REMEDIES = {
    "AccessDeniedException": "grant the role ses:SendRawEmail for the identity of the sender",
    "AccountSuspendedException": "ask AWS's support to lift the suspension",
    "LimitExceededException": "wait until the quota allows more, or ask for a higher one",
    "MailFromDomainNotVerifiedException": "verify the MAIL FROM domain in SES",
    "MessageRejected": "verify the sender's address or domain in SES; in the sandbox, each recipient too",
    "SendingPausedException": "resume sending in SES",
}


class MailNotSentError(SMTPException):
    """SES did not accept a message; the text names SES's reason and the remedy.

    It is an SMTPException, so code that catches errors of Django's SMTP backend catches it too.
    """


class SesBackend(BaseEmailBackend):
    """A backend of EMAIL_BACKEND; each message is one call, which is never repeated after SES has received it."""

    def __init__(self, *, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(**options)
        # From Django 6.1 on, the constructor of the class above does not accept it.
        self.fail_silently = fail_silently

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send the messages and return how many SES has accepted."""
        return sum(self._send(message) for message in email_messages)

    def _send(self, message: EmailMessage) -> bool:
        if not message.recipients():
            return False
        sender = message.from_email
        body = {
            "FromEmailAddress": _bare(sender),
            "Destination": {
                key: [_bare(address) for address in addresses if address]
                for key, addresses in (
                    ("ToAddresses", message.to),
                    ("CcAddresses", message.cc),
                    ("BccAddresses", message.bcc),
                )
            },
            "Content": {"Raw": {"Data": base64.b64encode(_content(message)).decode()}},
        }
        client = _client(required_mail_region(Environment(os.environ)))
        try:
            # SES may have sent a mail whose answer is lost, so the call is not repeated.
            client.request(
                "POST",
                _PATH,
                headers={"Content-Type": "application/json"},
                body=json.dumps(body).encode(),
                repeatable=False,
            )
        except AwsAnswerError as error:
            remedy = _REMEDIES.get(error.code)
            failure = f"{error}; {remedy}" if remedy else str(error)
        except AwsUnavailableError as error:
            failure = str(error)
        else:
            return True
        text = f"SES did not send the mail of {sender} to {len(message.recipients())} recipients: {failure}"
        if not self.fail_silently:
            raise MailNotSentError(text)
        _LOGGER.error(text)
        return False


def _bare(address: str) -> str:
    """Return an address without its name, and with an international domain in ASCII."""
    bare = parseaddr(str(address))[1]
    local, at, domain = bare.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        # SES refuses the address, and says why.
        return bare


def _content(message: EmailMessage) -> bytes:
    rendered: Any = message.message()
    if django.VERSION >= (6, 0):
        return bytes(rendered.as_bytes(policy=policy.SMTP))
    return bytes(rendered.as_bytes(linesep="\r\n"))


@cache
def _client(region: str) -> ServiceClient:
    return ServiceClient(SES, region)
