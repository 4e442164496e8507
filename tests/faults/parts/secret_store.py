"""A database login in one secret of an emulated AWS Secrets Manager."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.moto import REGION
from tests.secrets_manager import SecretsManager, secrets_manager


class SecretStore:
    """The secret, and the variables that tell the application where to find it."""

    def __init__(self, service: SecretsManager) -> None:
        self._service = service
        self._arn = service.store("{}")
        self.variables = {
            **service.environ,
            "AWS_REGION": REGION,
            "WEBAPP_DB_CREDENTIALS": "secretsmanager",
            "WEBAPP_DB_SECRET_ARN": self._arn,
        }

    async def publish(self, user: str, password: str) -> None:
        """Make a login the secret's current version."""
        await asyncio.to_thread(self._service.replace, self._arn, {"username": user, "password": password})


@contextmanager
def a_secret_store(log: Path) -> Iterator[SecretStore]:
    """Run a secret store while the block runs."""
    with secrets_manager(log) as service:
        yield SecretStore(service)
