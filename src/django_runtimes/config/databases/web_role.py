"""The role that the application logs in as, whoever is logged in now, and how long PostgreSQL may let it wait."""

from django_runtimes.config.databases.credentials import Login, web_login
from django_runtimes.config.databases.url import parse_database_url
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret

# PostgreSQL counts its timeouts in milliseconds, with 32 bits.
LONGEST_TIMEOUT_S = 2_147_483


def web_role(environment: Environment) -> str:
    """Of DATABASE_URL, else WEBAPP_DB_USER; a secret may hold another, which is not read for this."""
    url = environment.secret("DATABASE_URL")
    return (parse_database_url(url).user if url is not None else environment.text("WEBAPP_DB_USER")) or ""


def read_web_login(environment: Environment) -> Login:
    """Its login; raises ConfigurationError for a source that lacks what it needs."""
    url = environment.secret("DATABASE_URL")
    password = parse_database_url(url).password if url is not None else environment.secret("WEBAPP_DB_PASSWORD")
    return web_login(environment, user=web_role(environment), password=Secret(password or ""))
