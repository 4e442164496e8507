"""Exchanges the token of a pod's service account for credentials of its role."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from urllib.parse import SplitResult, urlencode

from django_runtimes.aws.aws_service import STS, endpoint_of
from django_runtimes.aws.https_pool import HttpsPool, NoAnswerError
from django_runtimes.aws.signature import AccessKey
from django_runtimes.aws.temporary_key import AwsCredentialsError, TemporaryKey
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region

_VERSION = "2011-06-15"
# STS's own endpoint, whose region signs for all others, if the process does not know its region.
_FALLBACK_REGION = "us-east-1"
_ATTEMPTS = 2
_HTTP_OK = 200
# The values that are read contain no markup.
_ELEMENT = re.compile(r"<(AccessKeyId|SecretAccessKey|SessionToken|Expiration|Code|Message)>([^<]*)</")


class WebIdentity:
    """The role of AWS_ROLE_ARN, with the token in AWS_WEB_IDENTITY_TOKEN_FILE."""

    def __init__(self, role: str, file: Path, name: str, server: SplitResult) -> None:
        self._role = role
        self._file = file
        self._name = name
        self._server = server

    def load(self) -> TemporaryKey:
        """Ask STS for credentials, without a signature; raise AwsCredentialsError if it gives none."""
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": _VERSION,
            "RoleArn": self._role,
            "RoleSessionName": self._name,
            "WebIdentityToken": self._token(),
        }
        status, elements = self._ask(urlencode(form).encode())
        if status != _HTTP_OK:
            raise AwsCredentialsError(
                f"STS refuses the role {self._role} ({status} {elements.get('Code', '')}: "
                f"{elements.get('Message', '')}); check the role's trust policy and its service account"
            )
        try:
            key = AccessKey(elements["AccessKeyId"], elements["SecretAccessKey"], elements["SessionToken"])
            return TemporaryKey(key, datetime.fromisoformat(elements["Expiration"]).astimezone(UTC))
        except (KeyError, ValueError) as error:
            failure = type(error).__name__
        # The error's text may quote the credentials, so it is left out.
        raise AwsCredentialsError(f"STS answers without valid credentials ({failure}); check AWS_ENDPOINT_URL_STS")

    def _token(self) -> str:
        # The cluster renews the file, so it is read each time.
        try:
            return self._file.read_text().strip()
        except OSError as error:
            raise AwsCredentialsError(f"AWS_WEB_IDENTITY_TOKEN_FILE cannot be read: {error}") from None

    def _ask(self, form: bytes) -> tuple[int, Mapping[str, str]]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        pool = HttpsPool(self._server)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = pool.send("POST", self._server.path or "/", headers, form)
            except NoAnswerError as error:
                if attempt == _ATTEMPTS:
                    raise AwsCredentialsError(str(error)) from None
            else:
                break
            finally:
                pool.close()
        return answer.status, dict(_ELEMENT.findall(answer.body.decode(errors="replace")))


def web_identity(environment: Environment) -> WebIdentity | None:
    """Return the role that EKS's variables name, or None."""
    role, file = os.environ.get("AWS_ROLE_ARN"), os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    if not role or not file:
        return None
    name = os.environ.get("AWS_ROLE_SESSION_NAME") or f"django-runtimes-{time_ns()}"
    server = endpoint_of(STS, aws_region(environment) or _FALLBACK_REGION, environment)
    return WebIdentity(role, Path(file), name, server)
