"""Reads secrets from AWS Secrets Manager."""

import logging
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# A request waits for the answer and has 6 s: two attempts of 2 s, and at most a second between them.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})


class SecretError(OSError):
    """A secret cannot be read; the text says why and holds nothing of the secret."""


class SecretsManager:
    """The secrets of one region; one client serves all threads."""

    def __init__(self, region: str) -> None:
        self._region = region

    def read(self, arn: str) -> str | None:
        """The current version's text, None for a binary one; SecretError when it cannot be read."""
        try:
            value = self._client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        except ClientError as error:
            failure = f"{error.response['Error']['Code']}; check the permission secretsmanager:GetSecretValue"
        except (BotoCoreError, OSError) as error:
            failure = " ".join(str(error).split())
        else:
            text: str | None = value.get("SecretString")
            return text
        # Not from the error, whose traceback would hold the answer.
        raise SecretError(failure)

    @cached_property
    def _client(self) -> Any:
        import boto3

        # At level debug it writes whole answers to the log.
        logging.getLogger("botocore").setLevel(logging.INFO)
        # A session of its own: the default one is not for several threads.
        return boto3.session.Session().client("secretsmanager", region_name=self._region, config=_CONFIG)
