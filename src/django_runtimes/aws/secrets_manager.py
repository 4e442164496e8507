"""Reads secrets from AWS Secrets Manager."""

from collections.abc import Sequence
from functools import cached_property

from django_runtimes.aws.aws_service import SECRETS_MANAGER
from django_runtimes.aws.service_client import AwsAnswerError, ServiceClient
from django_runtimes.config.configuration_error import ConfigurationError

_MOST_THREADS = 10


class SecretError(OSError):
    """Cannot read a secret; the text has the reason, and no part of the secret."""


class SecretsManager:
    """Reads secrets of one region, with one client for all threads. A read that gets no answer takes at most 6 s."""

    def __init__(self, region: str) -> None:
        self._region = region

    def read(self, arn: str) -> str | None:
        """Return the text of the current version, or None if it is binary; raise SecretError if the read fails."""
        try:
            answer = self._client.call(
                "secretsmanager.GetSecretValue",
                {"SecretId": arn, "VersionStage": "AWSCURRENT"},
                version="1.1",
                repeatable=True,
            )
        except AwsAnswerError as error:
            failure = f"{error.code}; check the permission secretsmanager:GetSecretValue"
        except (ConfigurationError, OSError) as error:
            failure = str(error)
        else:
            text: str | None = answer.get("SecretString")
            return text
        # The error is raised outside the except blocks, since the traceback of the caught error may hold the secret.
        raise SecretError(failure)

    def read_all(self, arns: Sequence[str]) -> dict[str, str | SecretError | None]:
        """Return, for each secret, the result of read() or its error; several secrets are read at the same time."""
        if len(arns) == 1:
            return {arns[0]: self._read_or_error(arns[0])}
        # A process with one secret starts faster without this import.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_MOST_THREADS) as threads:
            return dict(zip(arns, threads.map(self._read_or_error, arns), strict=True))

    def close(self) -> None:
        """Close the connections that rest; a later read opens another one."""
        self._client.close()

    def _read_or_error(self, arn: str) -> str | SecretError | None:
        try:
            return self.read(arn)
        except SecretError as error:
            return error

    @cached_property
    def _client(self) -> ServiceClient:
        return ServiceClient(SECRETS_MANAGER, self._region)
