"""Variables of the server in a container and of the function on Lambda."""

from django_runtimes.config.variables.kinds import Flag, Integer, Items, Text

BIND_HOST = Text("WEBAPP_BIND_HOST", "Address the server listens on in a container.", profile_field="bind_host")
PORT = Integer("PORT", "Port the server listens on in a container.", default=8000, minimum=1, maximum=65535)
WORKERS = Integer(
    "WEBAPP_WORKERS",
    "Server processes in a container.",
    minimum=1,
    maximum=1024,
    default_note="one for each CPU that affinity and the container's quota leave",
)
THREADS = Integer(
    "WEBAPP_THREADS",
    "Threads of one server process that run synchronous views.",
    minimum=1,
    maximum=32_768,
    profile_field="threads",
    default_note="the pool's size with the strategy pool",
)
MAX_WAITING = Integer(
    "WEBAPP_MAX_WAITING",
    "Requests of one server process that may wait for a thread; more are answered 503. Asynchronous requests have "
    "a line of their own, which is longer by as much as `WEBAPP_ASYNC_REQUESTS` are more than `WEBAPP_THREADS`.",
    profile_field="max_waiting",
)
MAX_WAIT_S = Integer(
    "WEBAPP_MAX_WAIT_S",
    "Longest wait for a thread, in seconds; then the answer is 503.",
    default=5,
    minimum=1,
    maximum=86_400,
)
ASYNC_REQUESTS = Integer(
    "WEBAPP_ASYNC_REQUESTS",
    "Requests to asynchronous views that one server process serves at once; streams that have begun do not count.",
    minimum=1,
    default_note="8 for each thread",
)
MAX_BODY_BYTES = Integer(
    "WEBAPP_MAX_BODY_BYTES",
    "Largest body of a request, in bytes; a larger one is answered 413 before it is read. On Lambda 6 MB at most, "
    "which is Lambda's own limit.",
    default=100 * 1024 * 1024,
    minimum=1,
    maximum=2**31,
)
MAX_WEBSOCKET_MESSAGE_BYTES = Integer(
    "WEBAPP_MAX_WEBSOCKET_MESSAGE_BYTES",
    "Largest message of a websocket, inflated, in bytes; a larger one closes it with code 1009. All websockets of one "
    "server process together hold 8 times as much, 8 MiB at least, of what their applications have not taken.",
    default=1024 * 1024,
    minimum=1,
    maximum=2**27,
)
GRACEFUL_TIMEOUT_S = Integer(
    "WEBAPP_GRACEFUL_TIMEOUT_S",
    "How long a server that is told to end lets requests finish, in seconds: below the platform's own limit, "
    "which is 30 on ECS and App Runner. The last 5 are for cancelling what still runs.",
    default=25,
    minimum=2,
    maximum=86_400,
)
DRAIN_S = Integer(
    "WEBAPP_DRAIN_S",
    "How long of these a server goes on serving, in seconds, while /readyz answers 503 and every answer closes "
    "its connection: until load balancers have heard that it ends.",
    maximum=86_400,
    profile_field="drain_s",
)
WARM_UP = Flag(
    "WEBAPP_WARM_UP",
    'Whether a function on Lambda answers the event {"warm_up": true}, which keeps an execution environment from '
    "going cold, without Django.",
    default=False,
)
ALLOWED_COMMANDS = Items(
    "WEBAPP_ALLOWED_COMMANDS",
    "Management commands that an event may name, comma-separated: makes a function on Lambda the operations "
    "function, which serves no requests. With WEBAPP_DB_ROLE=operations only.",
    parser=str,
)
