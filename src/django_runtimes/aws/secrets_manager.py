"""Reads secrets from AWS Secrets Manager."""

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# A request waits up to 6 s for a secret: two attempts of at most 2 s, with at most 1 s between them.
CLIENT_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
# botocore's pool has ten connections.
_MOST_THREADS = 10


class SecretError(OSError):
    """Cannot read a secret; the text has the reason, and no part of the secret."""


class SecretsManager:
    """Reads secrets of one region, with one client for all threads."""

    def __init__(self, region: str) -> None:
        self._region = region

    def read(self, arn: str) -> str | None:
        """Return the text of the current version, or None if it is binary; raise SecretError if the read fails."""
        try:
            value = self._client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        except ClientError as error:
            failure = f"{error.response['Error']['Code']}; check the permission secretsmanager:GetSecretValue"
        except (BotoCoreError, OSError) as error:
            failure = " ".join(str(error).split())
        else:
            text: str | None = value.get("SecretString")
            return text
        # The error is raised outside the except blocks, since the traceback of the caught error may hold the secret.
        raise SecretError(failure)

    def read_all(self, arns: Sequence[str]) -> dict[str, str | SecretError | None]:
        """Return, for each secret, the result of read() or its error; several secrets are read at the same time."""
        if len(arns) == 1:
            return {arns[0]: self._read_or_error(arns[0])}
        # A process with one secret starts faster without this import.
        from concurrent.futures import ThreadPoolExecutor

        # Threads that create the client at the same time would each create one.
        _ = self._client
        with ThreadPoolExecutor(_MOST_THREADS) as threads:
            return dict(zip(arns, threads.map(self._read_or_error, arns), strict=True))

    def _read_or_error(self, arn: str) -> str | SecretError | None:
        try:
            return self.read(arn)
        except SecretError as error:
            return error

    @cached_property
    def _client(self) -> Any:
        import boto3

        # botocore logs whole responses at DEBUG.
        logging.getLogger("botocore").setLevel(logging.INFO)
        # boto3's default session is not thread-safe.
        return boto3.session.Session().client("secretsmanager", region_name=self._region, config=CLIENT_CONFIG)
