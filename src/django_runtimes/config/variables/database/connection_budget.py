"""Variables of the connection budget that `webapp doctor` calculates."""

from django_runtimes.config.variables.kinds import Integer

# The largest value of PostgreSQL's max_connections.
_MAX_CONNECTIONS = 262_143

DB_MAX_CONNECTIONS = Integer(
    "WEBAPP_DB_MAX_CONNECTIONS",
    "The server's max_connections, for a connection budget when the server cannot be queried.",
    minimum=1,
    maximum=_MAX_CONNECTIONS,
    default_note="queried from the server",
)
DB_PROXY_MAX_CONNECTIONS = Integer(
    "WEBAPP_DB_PROXY_MAX_CONNECTIONS",
    "Maximum number of connections that the proxy opens to the server: MaxConnectionsPercent of its max_connections.",
    minimum=1,
    maximum=_MAX_CONNECTIONS,
    default_note="required for a connection budget on the proxy route",
)
DB_RESERVED_CONNECTIONS = Integer(
    "WEBAPP_DB_RESERVED_CONNECTIONS",
    "Connections that a connection budget reserves for administrators and other clients of the server.",
    default=5,
    maximum=_MAX_CONNECTIONS,
)
INSTANCES_MAX = Integer(
    "WEBAPP_INSTANCES_MAX",
    "Maximum number of tasks or instances that run at once; on Lambda the function's reserved concurrency, and on "
    "Managed Instances its MaxExecutionEnvironments.",
    minimum=1,
    default_note="required for a connection budget; 1 under local",
)
AWS_LAMBDA_MAX_CONCURRENCY = Integer(
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "Number of processes in one execution environment of Lambda Managed Instances. Lambda sets the variable there, and "
    "nowhere else.",
    default=1,
    minimum=1,
    # Lambda's limit.
    maximum=1_600,
)
REQUESTS_MAX_PER_S = Integer(
    "WEBAPP_REQUESTS_MAX_PER_S",
    "Requests per second at the highest load, from which a connection budget counts new connections on Aurora DSQL.",
    minimum=1,
    default_note="required with dsql and per_request",
)
DEPLOY_OVERLAP_PERCENT = Integer(
    "WEBAPP_DEPLOY_OVERLAP_PERCENT",
    "Tasks or instances, old and new, that run during a deploy, as a percentage of WEBAPP_INSTANCES_MAX.",
    minimum=100,
    maximum=10_000,
    default_note="200; 100 under local",
)
