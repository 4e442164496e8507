"""The provider of a database's login, one for all threads of a process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import OperationalError

from django_runtimes.config.databases.credentials import IamToken, StoredSecret
from django_runtimes.config.secret import Secret
from django_runtimes.extras import missing_package


@dataclass(frozen=True)
class ConnectionLogin:
    """What one connection logs in with."""

    user: str
    password: Secret = field(repr=False)


class Provider(Protocol):
    """Gives logins that are good now."""

    def login(self) -> ConnectionLogin:
        """A login for a connection that is made now; CredentialsError when there is none."""
        ...

    def forget(self, refused: ConnectionLogin) -> bool:
        """Stop giving a login that the server refused; whether the next one may be another."""
        ...


class CredentialsError(OperationalError):
    """A login cannot be had; like a server that cannot be reached, since it may be had again soon."""


# By what decides a login. A process that forks shares neither locks nor clients with its children.
_providers: dict[tuple[Any, ...], Provider] = {}
os.register_at_fork(after_in_child=_providers.clear)


def provider_of(database: Mapping[str, Any]) -> Provider | None:
    """The provider for an entry of DATABASES; None when USER and PASSWORD are what they are."""
    credentials = database.get("CREDENTIALS")
    if credentials is None:
        return None
    key = (credentials, database["HOST"], database["PORT"], database["USER"])
    # One of two threads that come at once wins, and neither has asked AWS yet.
    return _providers.get(key) or _providers.setdefault(key, _make(credentials, *key[1:]))


def _make(credentials: StoredSecret | IamToken, host: str, port: int | str, user: str) -> Provider:
    # Each loaded where it is chosen: the imports cost the others' cold starts.
    match credentials:
        case StoredSecret():
            try:
                from django_runtimes.databases.credentials.secretsmanager import SecretsManagerProvider
            except ModuleNotFoundError:
                # configure() refuses it sooner; a tool may ask for a login without.
                raise CredentialsError(missing_package(f"the secret {credentials.arn}", "boto3", "s3")) from None

            return SecretsManagerProvider(credentials, user=user)
        case IamToken():
            from django_runtimes.databases.credentials.iam import IamProvider

            return IamProvider(region=credentials.region, host=host, port=int(port), user=user)
