"""Variables of the server in a container and of the Lambda function."""

from django_runtimes.config.values.choices import LambdaLoop, StreamFront
from django_runtimes.config.variables import MODULE_BUNDLE_NAME
from django_runtimes.config.variables.kinds import Choice, Flag, Integer, Items, SecretText, Text
from django_runtimes.config.variables.variable import RuleError


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise RuleError("does not begin with a slash", f"write the page's path, such as /{text.rpartition('/')[2]}")
    if "?" in text or "#" in text:
        raise RuleError("has a query or a fragment", "write only the path of a page")
    return text


MODULE_BUNDLE = Text(
    MODULE_BUNDLE_NAME,
    "File with the compiled modules of a start, which shortens cold starts. The image writes it and sets the variable. "
    "Modules whose source has changed since are imported as usual.",
)
BIND_HOST = Text("WEBAPP_BIND_HOST", "Address that the server listens on in a container.", profile_field="bind_host")
PORT = Integer("PORT", "Port that the server listens on in a container.", default=8000, minimum=1, maximum=65535)
WORKERS = Integer(
    "WEBAPP_WORKERS",
    "Server processes in a container.",
    minimum=1,
    maximum=1024,
    default_note="one for each CPU that affinity and the container's quota allow",
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
    "Maximum number of requests of one server process that wait for a thread; further ones get a 503. Asynchronous "
    "requests have a queue of their own, which is longer by the factor `WEBAPP_ASYNC_REQUESTS` / `WEBAPP_THREADS`.",
    profile_field="max_waiting",
)
MAX_WAIT_S = Integer(
    "WEBAPP_MAX_WAIT_S",
    "Longest wait for a thread, in seconds; a request that waits longer gets a 503. In containers it also limits the "
    "wait for middleware whose constructors have not ended.",
    default=5,
    minimum=1,
    maximum=86_400,
)
ASYNC_REQUESTS = Integer(
    "WEBAPP_ASYNC_REQUESTS",
    "Maximum number of requests to asynchronous views that one server process serves at once. Streams that have "
    "started are not included: they and the applications alongside Django share the same number of further threads.",
    minimum=1,
    default_note="8 for each thread",
)
MAX_BODY_BYTES = Integer(
    "WEBAPP_MAX_BODY_BYTES",
    "Largest request body, in bytes; a larger one gets a 413 before it is read. Lambda's own limit is 6 MB.",
    default=100 * 1024 * 1024,
    minimum=1,
    maximum=2**31,
)
MAX_WEBSOCKET_MESSAGE_BYTES = Integer(
    "WEBAPP_MAX_WEBSOCKET_MESSAGE_BYTES",
    "Largest decompressed message of a websocket, in bytes; a larger one closes the websocket with code 1009. All "
    "websockets of one server process together may buffer unread messages of 8 times this size, or of 8 MiB if that "
    "is more.",
    default=1024 * 1024,
    minimum=1,
    maximum=2**27,
)
GRACEFUL_TIMEOUT_S = Integer(
    "WEBAPP_GRACEFUL_TIMEOUT_S",
    "How long a server that is shutting down lets requests finish, in seconds. Keep it below the platform's own "
    "limit, which is 30 on ECS and App Runner. Requests that still run are cancelled in the last 5 seconds.",
    default=25,
    minimum=2,
    maximum=86_400,
)
DRAIN_S = Integer(
    "WEBAPP_DRAIN_S",
    "Part of WEBAPP_GRACEFUL_TIMEOUT_S, and shorter than it, in seconds, during which the server still accepts "
    "requests. /readyz answers 503, and every response closes its connection, so that load balancers stop sending "
    "requests.",
    maximum=86_400,
    profile_field="drain_s",
)
WARM_UP = Flag(
    "WEBAPP_WARM_UP",
    'Whether a Lambda function answers the event {"warm_up": true} without Django, which keeps an execution '
    "environment warm.",
    default=False,
)
LAMBDA_LOOP = Choice(
    "WEBAPP_LAMBDA_LOOP",
    "The code that requests a Lambda function's invocations and sends its responses: the library's own, or "
    "awslambdaric's, which cannot stream.",
    LambdaLoop,
    noun="loop",
    default=LambdaLoop.OWN,
)
SNAPSHOT_PATHS = Items(
    "WEBAPP_SNAPSHOT_PATHS",
    "Paths of pages that a Lambda function requests before SnapStart takes its snapshot, comma-separated, so that "
    "restored environments have loaded what the pages need. The requests are anonymous GETs.",
    parser=_path,
    default_note="/, and the login page of Django's admin",
)
STREAM_FRONT = Choice(
    "WEBAPP_STREAM_FRONT",
    "The front through which a Lambda function streams responses: a function URL whose invoke mode is RESPONSE_STREAM, "
    "or a REST API whose response transfer mode is STREAM. Other fronts buffer each response. Needs "
    "WEBAPP_LAMBDA_LOOP=own.",
    StreamFront,
    noun="front for streams",
    default=StreamFront.NONE,
)
STREAM_MAX_S = Integer(
    "WEBAPP_STREAM_MAX_S",
    "How long a Lambda function streams one response, in seconds. A stream also ends 5 seconds before the function's "
    "timeout. Lambda bills a stream to its end, even if the client has left.",
    default=60,
    minimum=1,
    maximum=895,
)
MEASUREMENT_KEY = SecretText(
    "WEBAPP_MEASUREMENT_KEY",
    "Key of at least 32 characters with which `webapp compare` asks the deployed service for measurements. A request "
    "with a token that was signed with this key in the last two minutes gets a header with the age of the process, its "
    "number of requests, its database connections, its CPU time and its memory. Without the key nothing is counted or "
    "sent.",
    shortest=32,
)
ALLOWED_COMMANDS = Items(
    "WEBAPP_ALLOWED_COMMANDS",
    "Management commands that an event may run, comma-separated. If set, a Lambda function is the operations "
    "function and serves no requests. Needs WEBAPP_DB_ROLE=operations.",
    parser=str,
)
