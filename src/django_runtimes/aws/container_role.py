"""The AWS credentials of a task or pod, asked from the endpoint that its container names."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django_runtimes.aws.signature import LIFETIME_S, AccessKey

# Amazon ECS's and Amazon EKS Pod Identity's, and what stands in for them in the same container.
_ECS_HOST = "169.254.170.2"
_HOSTS = (_ECS_HOST, "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1")
# What the AWS SDKs look for first.
_PREFERRED = ("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE")
# The AWS SDKs' own. The endpoint is on the same machine.
_TIMEOUT_S = 2.0
_HTTP_OK = 200


class CredentialsEndpointError(OSError):
    """The container's endpoint gives no credentials."""


class ContainerRole:
    """Asks on first use, and again when what it has would end before a token that it signs.

    Of AWS's interface this is the little that a login needs: loading botocore for it costs 100 ms of CPU.
    """

    def __init__(self, endpoint: SplitResult) -> None:
        self._endpoint = endpoint
        self._key: AccessKey | None = None
        self._expires_at = datetime.min.replace(tzinfo=UTC)

    def access_key(self) -> AccessKey:
        """The role's credentials; OSError when the endpoint does not give them."""
        # Shared without a lock: one thread at a time signs.
        if self._key is None or self._expires_at - datetime.now(UTC) < timedelta(seconds=LIFETIME_S):
            self._key, self._expires_at = self._ask()
        return self._key

    def _ask(self) -> tuple[AccessKey, datetime]:
        endpoint = self._endpoint
        path = endpoint._replace(scheme="", netloc="").geturl() or "/"
        try:
            with closing(HTTPConnection(endpoint.hostname or "", endpoint.port, timeout=_TIMEOUT_S)) as connection:
                connection.request("GET", path, headers=_authorization())
                answer = connection.getresponse()
                status, text = answer.status, answer.read()
        except (HTTPException, ValueError) as error:
            raise CredentialsEndpointError(
                f"{endpoint.netloc} cannot be asked by HTTP ({type(error).__name__})"
            ) from None
        if status != _HTTP_OK:
            raise CredentialsEndpointError(f"{endpoint.netloc} answers {status}; look at the role of the task or pod")
        try:
            fields = json.loads(text)
            key = AccessKey(fields["AccessKeyId"], fields["SecretAccessKey"], fields["Token"])
            return key, datetime.fromisoformat(fields["Expiration"]).astimezone(UTC)
        except (ValueError, KeyError, TypeError) as error:
            # Not the error's text, which may quote what was read.
            failure = type(error).__name__
        raise CredentialsEndpointError(f"{endpoint.netloc} answers with something else than credentials ({failure})")


def container_role() -> ContainerRole | None:
    """The role whose endpoint the variables name; None where botocore has to look for credentials."""
    if any(os.environ.get(name) for name in _PREFERRED):
        return None
    if path := os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return ContainerRole(urlsplit(f"http://{_ECS_HOST}{path}"))
    endpoint = urlsplit(os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))
    # By other addresses, and by HTTPS, the AWS SDKs' own rules hold.
    return ContainerRole(endpoint) if endpoint.scheme == "http" and endpoint.hostname in _HOSTS else None


def _authorization() -> dict[str, str]:
    # A file is read each time, since the platform renews it.
    if file := os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        return {"Authorization": Path(file).read_text().strip()}
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    return {"Authorization": token} if token else {}
