"""AWS Secrets Manager's stand-in: moto's server, a process of its own."""

import itertools
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from webapp.compare import processes

REGION = "eu-west-1"
_numbers = itertools.count()


class SecretsManager:
    """The service at `url`, and a client that may change secrets."""

    def __init__(self, url: str) -> None:
        self.environ = {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
        }
        self.client: Any = boto3.session.Session(
            aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="example", region_name=REGION
        ).client("secretsmanager", endpoint_url=url)

    def store(self, value: str | dict) -> str:
        """A new secret's ARN."""
        name = f"guestbook-{next(_numbers)}"
        return self.client.create_secret(Name=name, SecretString=_text(value))["ARN"]

    def replace(self, arn: str, value: str | dict) -> None:
        """A new current version."""
        self.client.put_secret_value(SecretId=arn, SecretString=_text(value))

    def delete(self, arn: str) -> None:
        """At once, without the days in which it could be restored."""
        self.client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@contextmanager
def secrets_manager(directory: Path) -> Iterator[SecretsManager]:
    """moto's server for as long as the block lasts."""
    port = processes.free_port()
    server = processes.spawn(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        environ={"PATH": os.environ["PATH"]},
        log=directory / "moto.log",
    )
    try:
        assert processes.wait_until_listening(server, port, timeout_s=60), (directory / "moto.log").read_text()
        yield SecretsManager(f"http://127.0.0.1:{port}")
    finally:
        processes.stop(server)


def _text(value: str | dict) -> str:
    return value if isinstance(value, str) else json.dumps(value)
