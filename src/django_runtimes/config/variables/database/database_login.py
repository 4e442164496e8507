"""Variables of the login to PostgreSQL and the source of its password."""

import re

from django_runtimes.config.values.choices import Role, Source
from django_runtimes.config.variables.kinds import Choice, Integer, SecretText, Text
from django_runtimes.config.variables.variable import RuleError

_ARN = r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d+:secret:\S+"


def _secret_arn(arn: str) -> str:
    if re.fullmatch(_ARN, arn) is None:
        raise RuleError("is not a secret's ARN", "use arn:aws:secretsmanager:region:account:secret:name")
    return arn


DB_USER = Text("WEBAPP_DB_USER", "Role that the application logs in as.", default="webapp")
DB_PASSWORD = SecretText("WEBAPP_DB_PASSWORD", "Password of that role.")
DB_CREDENTIALS = Choice(
    "WEBAPP_DB_CREDENTIALS",
    "Source of the login: password (DATABASE_URL or WEBAPP_DB_PASSWORD), secretsmanager "
    "(WEBAPP_DB_SECRET_ARN) or iam (a token signed with the runtime's own AWS credentials).",
    Source,
    noun="source of credentials",
    default=Source.PASSWORD,
)
DB_SECRET_ARN = Text(
    "WEBAPP_DB_SECRET_ARN",
    "Secret with the login: JSON with username and password, as RDS writes it, or the password alone.",
    parser=_secret_arn,
    default_note="required with secretsmanager, and on the data_api route",
)
DB_SECRET_TTL_S = Integer(
    "WEBAPP_DB_SECRET_TTL_S",
    "How long a secret is cached before it is read again, in seconds.",
    default=300,
    minimum=1,
)
DB_ROLE = Choice(
    "WEBAPP_DB_ROLE",
    "Role of the process in the database: web, or operations such as migrations. Operations use the operations login "
    "and one connection at a time, on the direct route unless the route is data_api.",
    Role,
    noun="database role",
    default=Role.WEB,
)
DB_OPERATIONS_USER = Text("WEBAPP_DB_OPERATIONS_USER", "Role that operations log in as.", default_note="the web login")
DB_OPERATIONS_PASSWORD = SecretText("WEBAPP_DB_OPERATIONS_PASSWORD", "Password of the operations role.")
DB_OPERATIONS_SECRET_ARN = Text(
    "WEBAPP_DB_OPERATIONS_SECRET_ARN",
    "Secret with the operations login.",
    parser=_secret_arn,
    default_note="the web login",
)
DB_ADMINISTRATOR_SECRET_ARN = Text(
    "WEBAPP_DB_ADMINISTRATOR_SECRET_ARN",
    "Secret with the login that administers Oracle or SQL Server, with which create_web_role creates the user that "
    "owns the tables. Nothing else uses it.",
    parser=_secret_arn,
)
