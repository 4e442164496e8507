"""The role that the application logs in as, whoever is logged in now, and how long PostgreSQL may let it wait."""

from django_runtimes.config.databases.credentials import Login, web_login
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.database_address import DATABASE_URL
from django_runtimes.config.variables.database_login import DB_PASSWORD, DB_USER


def web_role(environment: Environment) -> str:
    """Of DATABASE_URL, else WEBAPP_DB_USER; a secret may hold another, which is not read for this."""
    address = environment[DATABASE_URL]
    return environment[DB_USER] if address is None else address.user


def read_web_login(environment: Environment) -> Login:
    """Its login; raises ConfigurationError for a source that lacks what it needs."""
    address = environment[DATABASE_URL]
    password = environment[DB_PASSWORD] if address is None else address.password
    return web_login(environment, user=web_role(environment), password=Secret(password or ""))
