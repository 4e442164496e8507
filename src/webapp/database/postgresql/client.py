"""psql with the login of the moment, for `webapp dbshell`."""

from typing import Any

from django.db.backends.postgresql.client import DatabaseClient as DjangoDatabaseClient

from webapp.database.credentials.provider import provider_of


class DatabaseClient(DjangoDatabaseClient):
    """Django's, which knows settings only."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: list[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """psql's arguments and variables."""
        if provider := provider_of(settings_dict):
            login = provider.login()
            settings_dict = {**settings_dict, "USER": login.user, "PASSWORD": login.password}
        return super().settings_to_cmd_args_env(settings_dict, parameters)
