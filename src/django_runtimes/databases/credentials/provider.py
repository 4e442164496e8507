"""Providers of database logins, each shared by all threads of a process."""

import os
from collections.abc import Mapping
from typing import Any, Protocol

from django_runtimes.config.databases.credentials import IamToken, StoredSecret
from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, Engine
from django_runtimes.databases.credentials.connection_login import ConnectionLogin
from django_runtimes.snapshot_hooks import HOOKS


class Provider(Protocol):
    """Provides logins that are valid now."""

    def login(self) -> ConnectionLogin:
        """Return a login for a new connection; raise CredentialsError when there is none."""
        ...

    def forget(self, refused: ConnectionLogin) -> bool:
        """Discard a login that the server refused; return whether the next one may differ."""
        ...


# The key of a provider contains everything that its logins depend on. A forked child must not share locks or clients
# with its parent, nor environments a login that was fetched before their snapshot.
_providers: dict[tuple[Any, ...], Provider] = {}
os.register_at_fork(after_in_child=_providers.clear)
HOOKS.release_before_snapshot(_providers.clear)


def provider_of(database: Mapping[str, Any]) -> Provider | None:
    """Return the provider of an entry of DATABASES; None when USER and PASSWORD are used as they are."""
    credentials = database.get("CREDENTIALS")
    if credentials is None:
        return None
    # Django's own default, an empty PORT, leaves the port to the driver, and a token names it.
    port = database["PORT"] or DEFAULT_PORTS[engine_of_project(database) or Engine.POSTGRESQL]
    key = (credentials, database["HOST"], port, database["USER"])
    # If two threads each make a provider, setdefault() keeps the first one; neither has called AWS yet.
    return _providers.get(key) or _providers.setdefault(key, _make(credentials, *key[1:]))


def _make(credentials: StoredSecret | IamToken, host: str, port: int | str, user: str) -> Provider:
    # Imported only when chosen, so that one provider's imports do not slow down cold starts with the other.
    match credentials:
        case StoredSecret():
            from django_runtimes.databases.credentials.secretsmanager import SecretsManagerProvider

            return SecretsManagerProvider(credentials, user=user)
        case IamToken():
            from django_runtimes.databases.credentials.iam import IamProvider

            return IamProvider(region=credentials.region, host=host, port=int(port), user=user)
