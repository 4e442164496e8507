"""psql with the login of the moment, for `webapp dbshell`."""

from functools import lru_cache
from typing import Any

from django_runtimes.databases.credentials.provider import provider_of


class DatabaseClientMixin:
    """Stands before Django's client for PostgreSQL, which knows settings only."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: list[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """psql's arguments and variables."""
        if provider := provider_of(settings_dict):
            login = provider.login()
            settings_dict = {**settings_dict, "USER": login.user, "PASSWORD": login.password}
        return super().settings_to_cmd_args_env(settings_dict, parameters)  # type: ignore[misc]


@lru_cache(maxsize=16)
def with_login(client: type) -> type:
    """The class with DatabaseClientMixin before it."""
    if issubclass(client, DatabaseClientMixin):
        return client
    return type(client.__name__, (DatabaseClientMixin, client), {"__module__": __name__})
