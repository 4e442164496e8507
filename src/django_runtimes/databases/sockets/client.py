"""Starts the database's shell with the current credentials, for `webapp dbshell`."""

from collections.abc import Iterable, Sequence
from typing import Any

from django_runtimes.databases.credentials.provider import provider_of
from django_runtimes.databases.sockets.class_cache import class_cache
from django_runtimes.databases.sockets.types import ClientBase


class DatabaseClientMixin(ClientBase):
    """Adds the current credentials to Django's client, which reads only the settings."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[Sequence[str], dict[str, str] | None]:
        """Return the shell's arguments and environment variables."""
        if provider := provider_of(settings_dict):
            login = provider.login()
            settings_dict = {**settings_dict, "USER": login.user, "PASSWORD": login.password}
        return super().settings_to_cmd_args_env(settings_dict, parameters)


@class_cache(16)
def with_login(client: type) -> type:
    """Return the class with DatabaseClientMixin before it."""
    if issubclass(client, DatabaseClientMixin):
        return client
    return type(client.__name__, (DatabaseClientMixin, client), {"__module__": __name__})
