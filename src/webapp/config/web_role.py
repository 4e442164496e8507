"""The name of the role that the application logs in as, whoever is logged in now."""

from webapp.config.database_url import parse_database_url
from webapp.config.environment import Environment


def web_role(environment: Environment) -> str:
    """Of DATABASE_URL, else WEBAPP_DB_USER; a secret may hold another, which is not read for this."""
    url = environment.secret("DATABASE_URL")
    return (parse_database_url(url).user if url is not None else environment.text("WEBAPP_DB_USER")) or ""
