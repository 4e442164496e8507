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
    Variable(
        "WEBAPP_TRUSTED_PROXIES",
        "list",
        "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1",
        "Networks of the load balancers in front, comma-separated, with WEBAPP_HTTPS in a container: X-Forwarded-For "
        "and X-Forwarded-Proto are read from them alone, the last entry of each, and dropped from anybody else. "
        "Name the load balancer's subnets where others can reach the container too.",
    ),
    Variable(
        "WEBAPP_BASE_PATH",
        "text",
        None,
        "Path under which users reach the application, as /shop: the base path of a custom domain, the rule of a load "
        "balancer or of CloudFront. Links, redirects and cookies carry it, whether the hop in front strips it or not.",
    ),
    Variable(
        "WEBAPP_BASE_PATH_STRIPPED",
        "flag",
        None,
        "Whether the hop in front takes WEBAPP_BASE_PATH off the path. Needed where URLs of the project begin with it "
        "too, as /api/items under the base path /api: 1 where the hop takes it off, 0 where it leaves it.",
        default_note="both are understood",
    ),
    Variable(
        "WEBAPP_HOST_HEADER",
        "text",
        "Host",
        "Header that names the public host, as X-Forwarded-Host: for CloudFront, which replaces Host by the origin's "
        "own name. Needs WEBAPP_HTTPS; read from WEBAPP_TRUSTED_PROXIES alone, the last entry. Let only the hop that "
        "writes this header reach the application.",
    ),
    Variable(
        "WEBAPP_PROTO_HEADER",
        "text",
        "X-Forwarded-Proto",
        "Header that names the scheme by which users come, as CloudFront-Forwarded-Proto: for an inner hop that says "
        "http in X-Forwarded-Proto, after which every request would be redirected for ever. Needs WEBAPP_HTTPS; read "
        "from WEBAPP_TRUSTED_PROXIES alone, the last entry. Let only the hop that writes it reach the application.",
    ),
    Variable("WEBAPP_HSTS_SECONDS", "integer", "3600", "Strict-Transport-Security's lifetime in seconds, with HTTPS."),
    Variable(
        "DATABASE_URL",
        "secret",
        None,
        "PostgreSQL as postgresql://user:password@host:port/name?option=value; postgis:// for GeoDjango's engine. "
        "Used instead of the WEBAPP_DB_HOST group.",
    ),
    Variable("WEBAPP_DB_HOST", "text", None, "Host of the PostgreSQL server: the direct route."),
    Variable("WEBAPP_DB_PORT", "integer", "5432", "Port of the PostgreSQL server."),
    Variable("PGHOST", "text", None, "libpq's own: the host where none is given."),
    Variable("PGHOSTADDR", "text", None, "libpq's own: the address that is connected to, whatever the host's name."),
    Variable("PGSERVICE", "text", None, "libpq's own: an entry of its service file, with parameters not given here."),
    Variable("WEBAPP_DB_NAME", "text", "webapp", "Name of the database."),
    Variable("WEBAPP_DB_USER", "text", "webapp", "Role that the application logs in as."),
    Variable("WEBAPP_DB_PASSWORD", "secret", None, "Password of that role."),
    Variable(
        "WEBAPP_DB_CREDENTIALS",
        "choice",
        "password",
        "Where the login comes from: password (DATABASE_URL or WEBAPP_DB_PASSWORD), secretsmanager "
        "(WEBAPP_DB_SECRET_ARN) or iam (a token signed with the runtime's own AWS credentials).",
    ),
    Variable(
        "WEBAPP_DB_SECRET_ARN",
        "text",
        None,
        "Secret that holds the login, as RDS writes it: JSON with username and password; or the password alone.",
        default_note="required with secretsmanager",
    ),
    Variable(
        "WEBAPP_DB_SECRET_TTL_S", "integer", "300", "How long a secret is kept before it is read again, in seconds."
    ),
    Variable(
        "WEBAPP_DB_SSLMODE",
        "choice",
        None,
        "libpq's sslmode, which an option of DATABASE_URL overrides. Modes that allow plain text are refused "
        "unless the host is loopback or a unix socket.",
        default_note="verify-full; prefer under local, and for loopback and unix sockets",
    ),
    Variable(
        "WEBAPP_DB_ROOT_CERTIFICATES",
        "text",
        None,
        "PEM file of the authorities trusted on the direct route.",
        default_note="the packaged bundle of Amazon RDS",
    ),
    Variable(
        "WEBAPP_DB_PROXY_ROOT_CERTIFICATES",
        "text",
        None,
        "PEM file of the authorities trusted on the proxy route.",
        default_note="the packaged roots of Amazon Trust Services",
    ),
    Variable(
        "WEBAPP_DB_ROLE",
        "choice",
        "web",
        "What the process does in the database: web, or operations (migrations and the like: always the direct "
        "route, one connection at a time, the operations login).",
    ),
    Variable(
        "WEBAPP_DB_OPERATIONS_USER",
        "text",
        None,
        "Role that operations log in as.",
        default_note="the web login",
    ),
    Variable("WEBAPP_DB_OPERATIONS_PASSWORD", "secret", None, "Password of the operations role."),
    Variable(
        "WEBAPP_DB_OPERATIONS_SECRET_ARN",
        "text",
        None,
        "Secret that holds the operations login.",
        default_note="the web login",
    ),
    Variable(
        "AWS_REGION",
        "text",
        None,
        "AWS's own: the region that tokens are signed for, secrets are read in and the bucket is in; "
        "set by Lambda, elsewhere by the templates.",
        default_note="AWS_DEFAULT_REGION",
    ),
    Variable("AWS_DEFAULT_REGION", "text", None, "AWS's own: the region where AWS_REGION is not set."),
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
        "WEBAPP_DB_ALWAYS_RESET",
        "flag",
        "0",
        "Clear the session after each request that used a connection, whatever its statements were.",
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
        "WEBAPP_DB_POOL_EMPTY_S",
        "integer",
        "60",
        "After so many seconds with every connection of the pool in use and none given back, `/healthz` fails, so "
        "that the platform replaces the process.",
    ),
    Variable(
        "WEBAPP_DB_MAX_AGE_S",
        "integer",
        None,
        "How long a persistent connection is kept, in seconds.",
        default_note="600",
    ),
    Variable(
        "WEBAPP_DB_CONNECT_TIMEOUT_S",
        "integer",
        "5",
        "Longest wait for a new connection, in seconds, once its host's address is known.",
    ),
    Variable(
        "WEBAPP_DB_LOCK_TIMEOUT_S",
        "integer",
        "5",
        "Longest wait of one statement of `webapp migrate` for other sessions' locks, in seconds; 0 is without end.",
    ),
    Variable(
        "WEBAPP_DB_STATEMENT_TIMEOUT_S",
        "integer",
        "8",
        "Longest statement of the web role, in seconds; then the answer is 504. Kept by PostgreSQL: "
        "`webapp set_role_timeouts` writes it there.",
    ),
    Variable(
        "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S",
        "integer",
        "5",
        "How long a transaction of the web role may stand still, in seconds, before PostgreSQL ends its connection; "
        "written in the same way.",
    ),
    Variable(
        "WEBAPP_DB_MAX_CONNECTIONS",
        "integer",
        None,
        "The server's max_connections, for a connection budget where the server cannot be asked.",
        default_note="asked from the server",
    ),
    Variable(
        "WEBAPP_DB_PROXY_MAX_CONNECTIONS",
        "integer",
        None,
        "Most connections that the proxy opens to the server: MaxConnectionsPercent of its max_connections.",
        default_note="required for a connection budget on the proxy route",
    ),
    Variable(
        "WEBAPP_DB_RESERVED_CONNECTIONS",
        "integer",
        "5",
        "Connections that a connection budget keeps free for administrators and other clients of the server.",
    ),
    Variable(
        "WEBAPP_INSTANCES_MAX",
        "integer",
        None,
        "Most tasks or instances that run at once; on Lambda the function's reserved concurrency.",
        default_note="required for a connection budget; 1 under local",
    ),
    Variable(
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "integer",
        None,
        "AWS's own: processes of one execution environment on Lambda Managed Instances.",
        default_note="1",
    ),
    Variable(
        "WEBAPP_DEPLOY_OVERLAP_PERCENT",
        "integer",
        None,
        "How many of them are alive during a deploy, when the old and the new run side by side.",
        default_note="200; 100 under local",
    ),
    Variable(
        "WEBAPP_MEDIA_BUCKET",
        "text",
        None,
        "S3 bucket for uploaded pictures, in the region of AWS_REGION. Without it they are kept under local and "
        "switched off elsewhere.",
    ),
    Variable("AWS_ENDPOINT_URL_S3", "text", None, "AWS's own: the address of a server that stands in for S3."),
    Variable("AWS_ENDPOINT_URL", "text", None, "AWS's own: the same for all of AWS's services."),
    Variable(
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "text",
        None,
        "AWS's own: `true` makes boto3 ignore both addresses; every other value is false.",
    ),
    Variable("AWS_PROFILE", "text", None, "AWS's own: a profile of its configuration file, which may name the region."),
    Variable("AWS_CONFIG_FILE", "text", None, "AWS's own: its configuration file, which may name the region."),
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
    Variable(
        "WEBAPP_WARM_UP",
        "flag",
        "0",
        'Whether a function on Lambda answers the event {"warm_up": true}, which keeps an execution environment from '
        "going cold, without Django.",
    ),
    Variable(
        "WEBAPP_ALLOWED_COMMANDS",
        "list",
        None,
        "Management commands that an event may name, comma-separated: makes a function on Lambda the operations "
        "function, which serves no requests. With WEBAPP_DB_ROLE=operations only.",
    ),
    Variable("PORT", "integer", "8000", "Port the server listens on in a container."),
    Variable(
        "WEBAPP_WORKERS",
        "integer",
        None,
        "Server processes in a container.",
        default_note="one for each CPU that affinity and the container's quota leave",
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
        "Requests of one server process that may wait for a thread; more are answered 503. Asynchronous requests have "
        "a line of their own, which is longer by as much as `WEBAPP_ASYNC_REQUESTS` are more than `WEBAPP_THREADS`.",
        default_note="128",
    ),
    Variable(
        "WEBAPP_MAX_WAIT_S",
        "integer",
        "5",
        "Longest wait for a thread, in seconds; then the answer is 503.",
    ),
    Variable(
        "WEBAPP_ASYNC_REQUESTS",
        "integer",
        None,
        "Requests to asynchronous views that one server process serves at once; streams that have begun do not count.",
        default_note="8 for each thread",
    ),
    Variable(
        "WEBAPP_MAX_BODY_BYTES",
        "integer",
        "104857600",
        "Largest body of a request, in bytes; a larger one is answered 413 before it is read. On Lambda 6 MB at most, "
        "which is Lambda's own limit.",
    ),
    Variable(
        "WEBAPP_GRACEFUL_TIMEOUT_S",
        "integer",
        "25",
        "How long a server that is told to end lets requests finish, in seconds: below the platform's own limit, "
        "which is 30 on ECS and App Runner. The last 5 are for cancelling what still runs.",
    ),
    Variable(
        "WEBAPP_DRAIN_S",
        "integer",
        None,
        "How long of these a server goes on serving, in seconds, while /readyz answers 503 and every answer closes "
        "its connection: until load balancers have heard that it ends.",
        default_note="5; 0 under local",
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
        "Every variable the application reads. Written by `make docs` from `src/django_runtimes/config/variables.py`.",
        "",
        "| variable | type | default | meaning |",
        "|---|---|---|---|",
        *(
            f"| `{variable.name}` | {variable.type} | {variable.default_text} | {variable.help} |"
            for variable in VARIABLES
        ),
    ]
    return "\n".join(lines) + "\n"
