"""What the variables that choose may choose from, where no other module defines it."""

from enum import StrEnum


class Role(StrEnum):
    """What the process does in the database."""

    WEB = "web"
    OPERATIONS = "operations"


class Source(StrEnum):
    """The names by which the sources of credentials are chosen."""

    PASSWORD = "password"  # noqa: S105  (a name)
    SECRETSMANAGER = "secretsmanager"
    IAM = "iam"


class SslMode(StrEnum):
    """libpq's sslmode."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class LogFormat(StrEnum):
    """The shape of the log lines."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """The least severe level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"
