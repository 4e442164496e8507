"""The sets of values that variables accept, such as the login roles and log levels."""

from enum import StrEnum


class Role(StrEnum):
    """Whether the process serves requests or runs operations, which decides its database login."""

    WEB = "web"
    OPERATIONS = "operations"


class Source(StrEnum):
    """Where the database login comes from."""

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
    """The format of the log lines."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """The least severe level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class MetricsFormat(StrEnum):
    """How the application reports metrics."""

    NONE = "none"
    EMF = "emf"


class MailService(StrEnum):
    """The service that sends the application's mail."""

    SES = "ses"


class PolicyMode(StrEnum):
    """How browsers apply a Content-Security-Policy."""

    ENFORCE = "enforce"
    REPORT_ONLY = "report-only"
    NONE = "none"


class TraceProtocol(StrEnum):
    """How the application sends traces."""

    NONE = "none"
    OTLP = "otlp"


class ThrottleOutage(StrEnum):
    """What happens to requests that no store counts."""

    OPEN = "open"
    CLOSED = "closed"


class SessionPlace(StrEnum):
    """The place that keeps sessions."""

    STORE = "store"
    DATABASE = "database"


class StreamFront(StrEnum):
    """The front of a Lambda function that takes responses chunk by chunk."""

    NONE = "none"
    FUNCTION_URL = "function_url"
    REST_API = "rest_api"


class LambdaLoop(StrEnum):
    """The code between Lambda's Runtime API and the handler."""

    OWN = "own"
    AWSLAMBDARIC = "awslambdaric"
