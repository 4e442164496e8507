"""The table of every variable the application reads."""

from dataclasses import dataclass
from typing import Literal

PREFIX = "WEBAPP_"

VariableType = Literal["text", "secret", "integer", "flag", "list", "choice"]


@dataclass(frozen=True)
class Variable:
    """One variable; `default` is the raw value used when unset, `default_note` says it where it depends."""

    name: str
    type: VariableType
    default: str | None
    help: str
    default_note: str = "none"

    @property
    def default_text(self) -> str:
        return self.default if self.default is not None else self.default_note


VARIABLES = (
    Variable(
        "WEBAPP_RUNTIME",
        "choice",
        None,
        "The service that runs the process: aws_app_runner, aws_ecs, aws_lambda, kubernetes or local. "
        "Declared beats detected; App Runner cannot be detected.",
        default_note="detected, else local",
    ),
    Variable("WEBAPP_DEBUG", "flag", "0", "Django's DEBUG. Refused outside the local runtime."),
    Variable(
        "WEBAPP_SECRET_KEY",
        "secret",
        None,
        "Django's SECRET_KEY, at least 50 characters.",
        default_note="required; a fixed insecure key under local",
    ),
    Variable(
        "WEBAPP_SECRET_KEY_FALLBACKS",
        "secret",
        None,
        "Former secret keys, comma-separated, still accepted for what they signed.",
    ),
    Variable(
        "WEBAPP_ALLOWED_HOSTS",
        "list",
        None,
        "Host names the application answers to, comma-separated; a leading dot allows subdomains.",
        default_note="required; loopback names under local",
    ),
    Variable(
        "WEBAPP_CSRF_TRUSTED_ORIGINS",
        "list",
        None,
        "Origins trusted for unsafe requests, each with its scheme, comma-separated.",
        default_note="https:// with each allowed host",
    ),
    Variable(
        "WEBAPP_HTTPS",
        "flag",
        None,
        "Whether users reach the application by HTTPS, through a load balancer, an HTTP API or App Runner that "
        "sets X-Forwarded-Proto: trusts that header, redirects HTTP, marks cookies secure.",
        default_note="1; 0 under local",
    ),
    Variable("WEBAPP_HSTS_SECONDS", "integer", "3600", "Strict-Transport-Security's lifetime in seconds, with HTTPS."),
    Variable(
        "DATABASE_URL",
        "secret",
        None,
        "PostgreSQL as postgresql://user:password@host:port/name?option=value. "
        "Used instead of the WEBAPP_DB_HOST group.",
    ),
    Variable("WEBAPP_DB_HOST", "text", None, "Host of the PostgreSQL server: the direct route."),
    Variable("WEBAPP_DB_PORT", "integer", "5432", "Port of the PostgreSQL server."),
    Variable("WEBAPP_DB_NAME", "text", "webapp", "Name of the database."),
    Variable("WEBAPP_DB_USER", "text", "webapp", "Role that the application logs in as."),
    Variable("WEBAPP_DB_PASSWORD", "secret", None, "Password of that role."),
    Variable(
        "WEBAPP_DB_PROXY_HOST",
        "text",
        None,
        "Host of RDS Proxy, or of a pooler that stands in for it: the proxy route.",
        default_note="required on the proxy route",
    ),
    Variable("WEBAPP_DB_PROXY_PORT", "integer", "5432", "Port of the proxy."),
    Variable(
        "WEBAPP_DB_STRATEGY",
        "choice",
        None,
        "How connections are kept: per_request, persistent or pool.",
        default_note="pool; per_request on Lambda",
    ),
    Variable(
        "WEBAPP_DB_ROUTE",
        "choice",
        None,
        "What connections go to: direct or proxy.",
        default_note="direct; proxy on Lambda",
    ),
    Variable(
        "WEBAPP_DB_POOL_MAX_SIZE",
        "integer",
        None,
        "Most connections one process's pool opens.",
        default_note="8; 1 on Lambda",
    ),
    Variable(
        "WEBAPP_DB_POOL_TIMEOUT_S",
        "integer",
        None,
        "Longest wait for a connection from the pool, in seconds.",
        default_note="5",
    ),
    Variable(
        "WEBAPP_DB_MAX_AGE_S",
        "integer",
        None,
        "How long a persistent connection is kept, in seconds.",
        default_note="600",
    ),
    Variable("WEBAPP_DB_CONNECT_TIMEOUT_S", "integer", "5", "Longest wait for a new connection, in seconds."),
    Variable(
        "WEBAPP_MEDIA_BUCKET",
        "text",
        None,
        "S3 bucket for uploaded pictures. Without it they are kept under local and switched off elsewhere.",
    ),
    Variable(
        "WEBAPP_MEDIA_ROOT",
        "text",
        None,
        "Directory for uploaded pictures where there is no bucket; local only.",
        default_note="media in the working directory",
    ),
    Variable(
        "WEBAPP_STATIC_ROOT",
        "text",
        None,
        "Directory that collectstatic writes to and static files are served from.",
        default_note="build/static in the working directory",
    ),
    Variable(
        "WEBAPP_BIND_HOST",
        "text",
        None,
        "Address the server listens on in a container.",
        default_note="0.0.0.0; 127.0.0.1 under local",
    ),
    Variable("PORT", "integer", "8000", "Port the server listens on in a container."),
    Variable(
        "WEBAPP_WORKERS",
        "integer",
        None,
        "Server processes in a container.",
        default_note="one for each CPU",
    ),
    Variable(
        "WEBAPP_THREADS",
        "integer",
        None,
        "Threads of one server process that run synchronous views.",
        default_note="the pool's size; 8 with another strategy",
    ),
    Variable(
        "WEBAPP_MAX_WAITING",
        "integer",
        None,
        "Requests of one server process that may wait for a thread; more are answered 503.",
        default_note="128",
    ),
    Variable(
        "WEBAPP_MAX_WAIT_S",
        "integer",
        "5",
        "Longest wait for a thread, in seconds; then the answer is 503.",
    ),
    Variable(
        "WEBAPP_LOG_LEVEL",
        "choice",
        "info",
        "Least severe level that is logged: debug, info, warning, error or critical.",
    ),
    Variable(
        "WEBAPP_LOG_FORMAT",
        "choice",
        None,
        "Shape of the log lines: json or text.",
        default_note="json; text under local",
    ),
)


def render_reference() -> str:
    """The table as the Markdown page docs/settings.md."""
    lines = [
        "# Settings reference",
        "",
        "Every variable the application reads. Written by `make docs` from `src/webapp/config/variables.py`.",
        "",
        "| variable | type | default | meaning |",
        "|---|---|---|---|",
        *(
            f"| `{variable.name}` | {variable.type} | {variable.default_text} | {variable.help} |"
            for variable in VARIABLES
        ),
    ]
    return "\n".join(lines) + "\n"
