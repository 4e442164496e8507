"""AWS Secrets Manager, from moto's server."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import boto3

from webapp.compare import processes

# They belong to nobody: moto takes any.
ACCESS_KEY = {"AWS_ACCESS_KEY_ID": "faults", "AWS_SECRET_ACCESS_KEY": "of-nobody"}
REGION = "us-east-1"
_START_LIMIT_S = 30.0


class SecretStore:
    """One secret that holds a login."""

    def __init__(self, url: str) -> None:
        self._client = boto3.client(
            "secretsmanager",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS_KEY["AWS_SECRET_ACCESS_KEY"],
        )
        self._arn = self._client.create_secret(Name="faults", SecretString="{}")["ARN"]
        self.variables = {
            **ACCESS_KEY,
            "AWSREGION": REGION,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "WEBAPP_DB_CREDENTIALS": "secretsmanager",
            "WEBAPP_DB_SECRET_ARN": self._arn,
        }

    async def publish(self, user: str, password: str) -> None:
        """Make a login the secret's current version."""
        text = json.dumps({"username": user, "password": password})
        await asyncio.to_thread(self._client.put_secret_value, SecretId=self._arn, SecretString=text)


@asynccontextmanager
async def a_secret_store(log: Path) -> AsyncIterator[SecretStore]:
    """A server of its own, on 127.0.0.1."""
    port = processes.free_port()
    environ = {"PATH": os.defpath, "LC_ALL": "C", **ACCESS_KEY}
    process = processes.spawn(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], environ=environ, log=log
    )
    try:
        assert processes.wait_until_listening(process, port, timeout_s=_START_LIMIT_S), processes.cause(log)
        yield SecretStore(f"http://127.0.0.1:{port}")
    finally:
        processes.stop(process)
