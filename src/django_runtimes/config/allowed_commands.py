"""Which management commands the events of a function may name."""

from django_runtimes.config.choices import Role
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.database_login import DB_ROLE
from django_runtimes.config.variables.server_variables import ALLOWED_COMMANDS


def allowed_commands(environment: Environment) -> frozenset[str]:
    """Those of the operations function on Lambda; none makes it a function that serves requests.

    ConfigurationError where WEBAPP_ALLOWED_COMMANDS and WEBAPP_DB_ROLE say different things: requests with the
    operations login could do anything in the database, commands with the web's could not migrate it.
    """
    commands = frozenset(environment[ALLOWED_COMMANDS])
    role = environment[DB_ROLE]
    if commands and role is not Role.OPERATIONS:
        raise ConfigurationError(
            f"WEBAPP_ALLOWED_COMMANDS={','.join(sorted(commands))!r} lets events run commands and WEBAPP_DB_ROLE is "
            f"{role}; set WEBAPP_DB_ROLE={Role.OPERATIONS}, or unset the former for a function that serves requests"
        )
    if not commands and role is Role.OPERATIONS:
        raise ConfigurationError(
            f"WEBAPP_DB_ROLE={role} serves no requests on Lambda and WEBAPP_ALLOWED_COMMANDS names no command; "
            "name some, comma-separated, or unset the former for a function that serves requests"
        )
    return commands
