"""Chooses the user that logs in to PostgreSQL and the source of its password."""

from dataclasses import dataclass, field
from typing import NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.choices import Role, Source
from django_runtimes.config.variables.database.database_login import (
    DB_ADMINISTRATOR_SECRET_ARN,
    DB_CREDENTIALS,
    DB_OPERATIONS_PASSWORD,
    DB_OPERATIONS_SECRET_ARN,
    DB_OPERATIONS_USER,
    DB_ROLE,
    DB_SECRET_ARN,
    DB_SECRET_TTL_S,
)
from django_runtimes.config.variables.variable import Variable


class StoredSecret(NamedTuple):
    """A login in AWS Secrets Manager, which is read again after `ttl_s` seconds."""

    arn: str
    ttl_s: float

    @property
    def region(self) -> str:
        """The region that the ARN names."""
        return self.arn.split(":")[3]


class IamToken(NamedTuple):
    """An RDS login token for one region, which this process signs with its own AWS credentials."""

    region: str


Credentials = StoredSecret | IamToken


@dataclass(frozen=True)
class Login:
    """A database user; `credentials` is the source of its password, or None when `password` holds it."""

    user: str
    password: str = field(repr=False)
    credentials: Credentials | None = None


def choose_login(environment: Environment, *, user: str, password: str) -> Login:
    """Return the login for WEBAPP_DB_ROLE; `user` and `password` come from the address.

    Raise ConfigurationError when a variable that the chosen source of credentials needs is not set.
    """
    if environment[DB_ROLE] is Role.OPERATIONS:
        return _operations_login(environment, user=user, password=password)
    return web_login(environment, user=user, password=password)


def web_login(environment: Environment, *, user: str, password: str) -> Login:
    """Return the web role's login, even in a process that runs operations.

    Raise ConfigurationError when a variable that the chosen source of credentials needs is not set.
    """
    match environment[DB_CREDENTIALS]:
        case Source.SECRETSMANAGER:
            return Login(user, Secret(), _stored_secret(environment, DB_SECRET_ARN))
        case Source.IAM:
            if not user:
                raise ConfigurationError("WEBAPP_DB_CREDENTIALS is iam, but DATABASE_URL names no user; add one to it")
            return Login(user, Secret(), IamToken(_region(environment)))
        case _:
            return Login(user, Secret(password))


def data_api_secret(environment: Environment) -> str:
    """Return the ARN of the secret with which the Data API logs in for WEBAPP_DB_ROLE.

    Raise ConfigurationError when it is not set.
    """
    own = environment[DB_OPERATIONS_SECRET_ARN] if environment[DB_ROLE] is Role.OPERATIONS else None
    return own or _data_api_web_secret(environment)


def data_api_web_login(environment: Environment) -> Login:
    """Return the web role's login on the route data_api, whose user only the secret names.

    Raise ConfigurationError when the secret is not set.
    """
    return Login("", Secret(), StoredSecret(_data_api_web_secret(environment), environment[DB_SECRET_TTL_S]))


def _data_api_web_secret(environment: Environment) -> str:
    arn = environment[DB_SECRET_ARN]
    if arn is None:
        raise ConfigurationError(
            "WEBAPP_DB_SECRET_ARN is not set, but the route is data_api; set it to the ARN of the secret with the login"
        )
    return arn


def administrator_secret(environment: Environment) -> StoredSecret | None:
    """Return the secret with the login that administers a server whose tables belong to the web role, or None."""
    arn = environment[DB_ADMINISTRATOR_SECRET_ARN]
    return None if arn is None else StoredSecret(arn, environment[DB_SECRET_TTL_S])


def _operations_login(environment: Environment, *, user: str, password: str) -> Login:
    operations_user = environment[DB_OPERATIONS_USER]
    operations_password = environment[DB_OPERATIONS_PASSWORD]
    has_secret = environment.is_set(DB_OPERATIONS_SECRET_ARN)
    if has_secret and operations_password is not None:
        raise ConfigurationError(
            "WEBAPP_DB_OPERATIONS_SECRET_ARN and WEBAPP_DB_OPERATIONS_PASSWORD are both set; unset one of them"
        )
    if has_secret:
        secret = _stored_secret(environment, DB_OPERATIONS_SECRET_ARN)
        return Login(operations_user or user, Secret(), secret)
    if operations_password is not None:
        if operations_user is None:
            raise ConfigurationError(
                "WEBAPP_DB_OPERATIONS_PASSWORD is set without its user; set WEBAPP_DB_OPERATIONS_USER"
            )
        return Login(operations_user, Secret(operations_password))
    web = web_login(environment, user=operations_user or user, password=password)
    if operations_user is None or isinstance(web.credentials, IamToken):
        return web
    raise ConfigurationError(
        f"WEBAPP_DB_OPERATIONS_USER={operations_user!r} has no password; "
        "set WEBAPP_DB_OPERATIONS_PASSWORD or WEBAPP_DB_OPERATIONS_SECRET_ARN"
    )


def _stored_secret(environment: Environment, variable: Variable[str | None]) -> StoredSecret:
    arn = environment[variable]
    if arn is None:
        raise ConfigurationError(
            f"{variable.name} is not set, but WEBAPP_DB_CREDENTIALS is secretsmanager; set it to the secret's ARN"
        )
    return StoredSecret(arn, environment[DB_SECRET_TTL_S])


def _region(environment: Environment) -> str:
    region = aws_region(environment)
    if region is None:
        raise ConfigurationError(
            "AWS_REGION is not set, but WEBAPP_DB_CREDENTIALS is iam; set it to the region of the database"
        )
    return region
