"""An emulated AWS Secrets Manager."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from tests.moto import ACCESS_KEY, REGION, moto_server

_numbers = itertools.count()


class SecretsManager:
    """The service at `url`, and a client that can change secrets."""

    def __init__(self, url: str) -> None:
        self.environ = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": url, **ACCESS_KEY}
        self.client: Any = boto3.session.Session(
            aws_access_key_id=ACCESS_KEY["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS_KEY["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        ).client("secretsmanager", endpoint_url=url)

    def store(self, value: str | dict) -> str:
        """Create a secret, and return its ARN."""
        name = f"guestbook-{next(_numbers)}"
        return self.client.create_secret(Name=name, SecretString=_text(value))["ARN"]

    def replace(self, arn: str, value: str | dict) -> None:
        """Give the secret a new current version."""
        self.client.put_secret_value(SecretId=arn, SecretString=_text(value))

    def delete(self, arn: str) -> None:
        """Delete the secret at once, without a recovery window."""
        self.client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@contextmanager
def secrets_manager(log: Path) -> Iterator[SecretsManager]:
    """Run the service during the block."""
    with moto_server(log) as url:
        yield SecretsManager(url)


def _text(value: str | dict) -> str:
    return value if isinstance(value, str) else json.dumps(value)
