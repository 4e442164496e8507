"""The management commands that events of a Lambda function may run."""

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Role
from django_runtimes.config.variables.database.database_login import DB_ROLE
from django_runtimes.config.variables.server_variables import ALLOWED_COMMANDS


def allowed_commands(environment: Environment) -> frozenset[str]:
    """Return the commands of the operations function, or none for a function that serves requests.

    Raise ConfigurationError when WEBAPP_ALLOWED_COMMANDS and WEBAPP_DB_ROLE contradict each other: requests with the
    operations login could do anything in the database, and commands with the web login could not migrate it.
    """
    commands = frozenset(environment[ALLOWED_COMMANDS])
    role = environment[DB_ROLE]
    if commands and role is not Role.OPERATIONS:
        raise ConfigurationError(
            f"WEBAPP_ALLOWED_COMMANDS={','.join(sorted(commands))!r} lets events run commands, but WEBAPP_DB_ROLE "
            f"is {role}; set WEBAPP_DB_ROLE={Role.OPERATIONS}, or unset WEBAPP_ALLOWED_COMMANDS to serve requests"
        )
    if not commands and role is Role.OPERATIONS:
        raise ConfigurationError(
            f"WEBAPP_DB_ROLE={role} lets a Lambda function run only commands, and WEBAPP_ALLOWED_COMMANDS names none; "
            "set WEBAPP_ALLOWED_COMMANDS to comma-separated commands, or unset WEBAPP_DB_ROLE to serve requests"
        )
    return commands
