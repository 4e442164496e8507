"""Who logs in to PostgreSQL, and where the password comes from."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.region import aws_region
from django_runtimes.config.secret import Secret

_SECRET_ARN = re.compile(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d+:secret:\S+")


class Role(StrEnum):
    """What the process does in the database."""

    WEB = "web"
    OPERATIONS = "operations"


class Source(StrEnum):
    """The names by which the sources of credentials are chosen."""

    PASSWORD = "password"  # noqa: S105  (a name)
    SECRETSMANAGER = "secretsmanager"
    IAM = "iam"


@dataclass(frozen=True)
class StoredSecret:
    """A login in AWS Secrets Manager, read again when older than `ttl_s`."""

    arn: str
    ttl_s: float

    @property
    def region(self) -> str:
        """The region that the ARN names."""
        return self.arn.split(":")[3]


@dataclass(frozen=True)
class IamToken:
    """A token that this process signs with its own AWS credentials, for one region."""

    region: str


Credentials = StoredSecret | IamToken


@dataclass(frozen=True)
class Login:
    """A user with a password, or with the credentials that give one (None: the password is what it is)."""

    user: str
    password: str = field(repr=False)
    credentials: Credentials | None = None


def choose_login(environment: Environment, *, user: str, password: str) -> Login:
    """The login of WEBAPP_DB_ROLE, given the one that the address carries.

    Raises ConfigurationError for a source that lacks what it needs.
    """
    if database_role(environment) is Role.OPERATIONS:
        return _operations_login(environment, user=user, password=password)
    return web_login(environment, user=user, password=password)


def database_role(environment: Environment) -> Role:
    """The value of WEBAPP_DB_ROLE."""
    return environment.choice("WEBAPP_DB_ROLE", Role, "database role") or Role.WEB


def web_login(environment: Environment, *, user: str, password: str) -> Login:
    """The application's login, whoever is logged in now; raises ConfigurationError as `choose_login` does."""
    match environment.choice("WEBAPP_DB_CREDENTIALS", Source, "source of credentials"):
        case Source.SECRETSMANAGER:
            return Login(user, Secret(), _stored_secret(environment, "WEBAPP_DB_SECRET_ARN"))
        case Source.IAM:
            if not user:
                raise ConfigurationError("WEBAPP_DB_CREDENTIALS is iam and DATABASE_URL names no user; write one in it")
            return Login(user, Secret(), IamToken(_region(environment)))
        case _:
            return Login(user, Secret(password))


def _operations_login(environment: Environment, *, user: str, password: str) -> Login:
    operations_user = environment.text("WEBAPP_DB_OPERATIONS_USER")
    operations_password = environment.secret("WEBAPP_DB_OPERATIONS_PASSWORD")
    has_secret = environment.text("WEBAPP_DB_OPERATIONS_SECRET_ARN") is not None
    if has_secret and operations_password is not None:
        raise ConfigurationError(
            "WEBAPP_DB_OPERATIONS_SECRET_ARN and WEBAPP_DB_OPERATIONS_PASSWORD are both set; unset one of them"
        )
    if has_secret:
        secret = _stored_secret(environment, "WEBAPP_DB_OPERATIONS_SECRET_ARN")
        return Login(operations_user or user, Secret(), secret)
    if operations_password is not None:
        if operations_user is None:
            raise ConfigurationError(
                "WEBAPP_DB_OPERATIONS_PASSWORD is set and no user for it; set WEBAPP_DB_OPERATIONS_USER"
            )
        return Login(operations_user, Secret(operations_password))
    web = web_login(environment, user=operations_user or user, password=password)
    if operations_user is None or isinstance(web.credentials, IamToken):
        return web
    raise ConfigurationError(
        f"WEBAPP_DB_OPERATIONS_USER={operations_user!r} has no password; "
        "set WEBAPP_DB_OPERATIONS_PASSWORD or WEBAPP_DB_OPERATIONS_SECRET_ARN"
    )


def _stored_secret(environment: Environment, name: str) -> StoredSecret:
    arn = environment.text(name)
    if arn is None:
        raise ConfigurationError(
            f"{name} is not set and WEBAPP_DB_CREDENTIALS is secretsmanager; set it to the secret's ARN"
        )
    if not _SECRET_ARN.fullmatch(arn):
        raise ConfigurationError(
            f"{name}={arn!r} is not a secret's ARN; write arn:aws:secretsmanager:region:account:secret:name"
        )
    ttl_s = environment.integer("WEBAPP_DB_SECRET_TTL_S", minimum=1)
    assert ttl_s is not None, "the table gives it a default"  # noqa: S101
    return StoredSecret(arn, ttl_s)


def _region(environment: Environment) -> str:
    region = aws_region(environment)
    if region is None:
        raise ConfigurationError(
            "AWS_REGION is not set and WEBAPP_DB_CREDENTIALS is iam; set it to the region of the database"
        )
    return region
