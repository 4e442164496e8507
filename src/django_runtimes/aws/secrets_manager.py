"""Reads secrets from AWS Secrets Manager."""

import logging
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# A request waits up to 6 s for a secret: two attempts of at most 2 s, with at most 1 s between them.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})


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

    @cached_property
    def _client(self) -> Any:
        import boto3

        # botocore logs whole responses at DEBUG.
        logging.getLogger("botocore").setLevel(logging.INFO)
        # boto3's default session is not thread-safe.
        return boto3.session.Session().client("secretsmanager", region_name=self._region, config=_CONFIG)
