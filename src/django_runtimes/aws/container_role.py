"""Loads the AWS credentials of a task or pod from the endpoint that its variables name."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django_runtimes.aws.https_pool import HttpsPool, NoAnswerError, Patience
from django_runtimes.aws.signature import AccessKey
from django_runtimes.aws.temporary_key import AwsCredentialsError, TemporaryKey

# The endpoints of Amazon ECS and EKS Pod Identity, and the names of this machine, for a local server in their place.
_ECS_HOST = "169.254.170.2"
_HOSTS = (_ECS_HOST, "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1")
# The AWS SDKs use the same timeout; the endpoint is on the same machine.
_PATIENCE = Patience(connect_s=2.0, read_s=2.0, attempts=1)
_HTTP_OK = 200


class ContainerRole:
    """The credentials of a task or pod.

    It replaces botocore, which takes 100 ms of CPU time to load.
    """

    def __init__(self, endpoint: SplitResult) -> None:
        self._endpoint = endpoint

    def load(self) -> TemporaryKey:
        """Ask the endpoint for credentials; raise AwsCredentialsError if it gives none."""
        endpoint = self._endpoint
        path = endpoint._replace(scheme="", netloc="").geturl() or "/"
        pool = HttpsPool(endpoint, _PATIENCE)
        try:
            answer = pool.send("GET", path, _authorization(), b"")
        except NoAnswerError as error:
            raise AwsCredentialsError(f"{error}; check the variables AWS_CONTAINER_CREDENTIALS_…") from None
        except (OSError, ValueError) as error:
            # The error of an invalid token quotes it.
            failure = str(error) if isinstance(error, OSError) else type(error).__name__
            raise AwsCredentialsError(
                f"{endpoint.netloc} cannot be asked for credentials ({failure}); check the variables AWS_CONTAINER_…"
            ) from None
        finally:
            # The next request follows hours later.
            pool.close()
        if answer.status != _HTTP_OK:
            raise AwsCredentialsError(f"{endpoint.netloc} answers {answer.status}; check the role of the task or pod")
        try:
            fields = json.loads(answer.body)
            key = AccessKey(fields["AccessKeyId"], fields["SecretAccessKey"], fields["Token"])
            return TemporaryKey(key, datetime.fromisoformat(fields["Expiration"]).astimezone(UTC))
        except (ValueError, KeyError, TypeError) as error:
            # The error's text may quote the credentials, so it is left out.
            failure = type(error).__name__
        raise AwsCredentialsError(
            f"{endpoint.netloc} answers without valid credentials ({failure}); check the role of the task or pod"
        )


def container_role() -> ContainerRole | None:
    """Return the role whose endpoint the variables name, or None for no endpoint or one that only botocore handles."""
    if path := os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return ContainerRole(urlsplit(f"http://{_ECS_HOST}{path}"))
    endpoint = urlsplit(os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))
    # botocore handles other addresses, and HTTPS.
    return ContainerRole(endpoint) if endpoint.scheme == "http" and endpoint.hostname in _HOSTS else None


def _authorization() -> dict[str, str]:
    # The platform renews the file, so it is read each time.
    if file := os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        return {"Authorization": Path(file).read_text().strip()}
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    return {"Authorization": token} if token else {}
