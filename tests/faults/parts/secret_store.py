"""One secret of AWS Secrets Manager's stand-in, which holds a login."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.moto import REGION
from tests.secrets_manager import SecretsManager, secrets_manager


class SecretStore:
    """The secret, and the variables by which the application finds it."""

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
    """A store of its own, for as long as the block lasts."""
    with secrets_manager(log) as service:
        yield SecretStore(service)
