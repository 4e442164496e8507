"""Starts the process that the runtime needs: the loop of a Lambda function, or the server in a container."""

import gc
import os
import re
import signal
import sys
from types import ModuleType
from typing import NoReturn


def _exit_on_signal(signal_number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    # The kernel sends PID 1 only the signals that it handles, so the handlers are installed before the slow imports.
    # gunicorn and the Lambda handler replace them with their own.
    signal.signal(signal.SIGTERM, _exit_on_signal)
    signal.signal(signal.SIGINT, _exit_on_signal)
    from django_runtimes.config.variables import MODULE_BUNDLE_NAME

    if os.environ.get(MODULE_BUNDLE_NAME):
        from django_runtimes.entrypoints.bundle.bundled_modules import use_bundle

        use_bundle(os.environ[MODULE_BUNDLE_NAME])

from django_runtimes.config.allowed_commands import allowed_commands  # noqa: E402
from django_runtimes.config.configuration_error import ConfigurationError  # noqa: E402
from django_runtimes.config.environment import Environment  # noqa: E402
from django_runtimes.config.runtimes.detection import detect_runtime  # noqa: E402
from django_runtimes.config.runtimes.profile_choice import choose_profile  # noqa: E402
from django_runtimes.config.secret_files import load_secret_files  # noqa: E402
from django_runtimes.config.secret_key import weakness  # noqa: E402
from django_runtimes.config.settings_module import settings_module  # noqa: E402
from django_runtimes.config.values.runtime import Runtime  # noqa: E402
from django_runtimes.config.variables.application_variables import SECRET_KEY, START_PHASES  # noqa: E402
from django_runtimes.config.variables.server_variables import GRACEFUL_TIMEOUT_S, PORT, WORKERS  # noqa: E402
from django_runtimes.entrypoints.named_module import import_named  # noqa: E402
from django_runtimes.entrypoints.stored_variables import load_stored_variables  # noqa: E402
from django_runtimes.extras import require_extra  # noqa: E402

_WEB_HANDLER = "django_runtimes.entrypoints.aws_lambda.handler"
_OPERATIONS_HANDLER = "django_runtimes.entrypoints.operations.handler"
# awslambdaric also accepts slashes between packages. No management command has a dot in its name.
_HANDLER_NAME = re.compile(r"[^\W\d]\w*([./][^\W\d]\w*)*[.][^\W\d]\w*")

# BSD's EX_CONFIG: the configuration is wrong, and starting again will not help.
_EXIT_CONFIGURATION = 78

# Load balancers keep idle connections open for 60 s; a server that closes them first resets some requests.
_KEEP_ALIVE_S = 75

_SHARED_MEMORY = "/dev/shm"  # noqa: S108


def server_arguments(environment: Environment, *, bind_host: str, cpu_count: int) -> list[str]:
    """Return the arguments of gunicorn, which runs uvicorn's workers."""
    workers = environment[WORKERS] or cpu_count
    # gunicorn expects IPv6 addresses in brackets.
    host = f"[{bind_host}]" if ":" in bind_host and not bind_host.startswith("[") else bind_host
    arguments = [
        "django_runtimes.entrypoints.asgi:application",
        *("--worker-class", "django_runtimes.serving.http.fair_worker.FairUvicornWorker"),
        *("--bind", f"{host}:{environment[PORT]}"),
        *("--workers", str(workers)),
        *("--keep-alive", str(_KEEP_ALIVE_S)),
        *("--graceful-timeout", str(environment[GRACEFUL_TIMEOUT_S])),
        # This is gunicorn's maximum and about nginx's default; gunicorn's own default is half as large.
        *("--limit-request-line", "8190"),
        # The control socket is not used, and its file would need a writable home directory.
        "--no-control-socket",
    ]
    if os.access(_SHARED_MEMORY, os.W_OK):
        # On a slow disk the heartbeat file could make gunicorn kill a healthy worker.
        arguments += ["--worker-tmp-dir", _SHARED_MEMORY]
    if workers > 1:
        # gunicorn starts a worker's successor only after the worker has exited, so a single worker would leave a gap.
        arguments += ["--max-requests", "100000", "--max-requests-jitter", "10000"]
    return arguments


def main(arguments: list[str]) -> None:
    """Become the process that the runtime needs, or run the command of `webapp` that the arguments name.

    On Lambda, an argument of the form module.attribute names the handler, as it does for awslambdaric.
    Exit with 78 and a one-line error if the variables or the handler's name are wrong.
    """
    names_handler = len(arguments) == 1 and _HANDLER_NAME.fullmatch(arguments[0]) is not None
    environment = Environment(os.environ)
    try:
        load_secret_files(os.environ)
        if arguments and not names_handler:
            _run_command(arguments)
            return
        if environment[START_PHASES]:
            from django_runtimes.entrypoints.start_recorder import RECORDER

            RECORDER.watch_forks()
        runtime = detect_runtime(os.environ).runtime
        if runtime is Runtime.AWS_LAMBDA:
            _become_function(environment, arguments[0] if names_handler else _handler_of_function())
        elif names_handler:
            _run_command(arguments)
        else:
            _become_server(runtime, environment)
    except ConfigurationError as error:
        sys.stderr.write(f"webapp: {error}\n")
        raise SystemExit(_EXIT_CONFIGURATION) from None


def _run_command(arguments: list[str]) -> None:
    from django_runtimes.cli.main import main as run_command

    load_stored_variables()
    sys.argv = ["webapp", *arguments]
    # psycopg cancels the running query on KeyboardInterrupt, which this handler raises.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run_command()
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


def _handler_of_function() -> str:
    """Return the handler that `_HANDLER` names, or else the library's."""
    name = os.environ.get("_HANDLER", "")
    # Lambda sets this variable. For an image without a command it may hold any word: Lambda's local emulator uses a
    # word of the entry point.
    is_handler = _HANDLER_NAME.fullmatch(name) is not None and name not in sys.orig_argv
    return name if is_handler else _WEB_HANDLER


def _become_function(environment: Environment, handler: str) -> None:
    """Serve invocations in this process, which saves a second start of Python (docs/decisions/0008)."""
    require_extra("lambda", f"serving as {Runtime.AWS_LAMBDA}")
    from django_runtimes.entrypoints.lambda_process import LambdaProcess

    process = LambdaProcess(environment)
    if allowed_commands(environment):
        # Each command loads the settings itself and reports their errors. If the image names a handler, that is for
        # the other function, which serves requests from the same image.
        handler = _OPERATIONS_HANDLER
    else:
        # The objects of the init phase stay alive, and collecting garbage among them takes a tenth of the cold start.
        gc.disable()
        _load_settings()
        _load_handler(handler)
        process.keep_log_handlers()
        gc.freeze()
        gc.enable()
    process.run(handler)


def _become_server(runtime: Runtime, environment: Environment) -> None:
    from django_runtimes.entrypoints.cpu import worker_cpus

    require_extra("server", f"serving as {runtime}")
    bind_host = choose_profile(runtime, environment).bind_host
    arguments = server_arguments(environment, bind_host=bind_host, cpu_count=worker_cpus())
    settings = _load_settings()
    _require_address(bind_host)
    if runtime is Runtime.LOCAL and _replace_weak_key(bind_host, settings):
        sys.stderr.write(
            f"webapp: WEBAPP_SECRET_KEY is not set, and {bind_host} is reachable from other machines: "
            "a random key is used, so sessions end when this server stops\n"
        )
    if "--reload" in os.environ.get("GUNICORN_CMD_ARGS", "").split():
        # gunicorn can only reload modules that the master has not imported.
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])  # noqa: S606  (no shell in between)
    from gunicorn.app.wsgiapp import run as run_gunicorn

    sys.argv = ["gunicorn", *arguments]
    run_gunicorn()


def _replace_weak_key(bind_host: str, settings: ModuleType) -> bool:
    """Replace a weak secret key if other machines can reach the server, and return whether the key was replaced.

    Under `local`, the key may be in the source. The new key applies to the loaded settings and to reloaded workers.
    """
    key = getattr(settings, "SECRET_KEY", "")
    if bind_host in {"127.0.0.1", "::1", "localhost"} or not key or not weakness(key):
        return False
    import secrets

    os.environ[SECRET_KEY.name] = vars(settings)["SECRET_KEY"] = secrets.token_urlsafe(50)
    return True


def _require_address(bind_host: str) -> None:
    """Raise ConfigurationError for an address that cannot be bound; gunicorn would retry it for 5 s and exit with 1."""
    import socket

    try:
        family, kind, *_, address = socket.getaddrinfo(bind_host.strip("[]"), 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"WEBAPP_BIND_HOST={bind_host!r} is not an address of this machine ({error.strerror}); "
            "use 0.0.0.0, or 127.0.0.1 for this machine only"
        ) from None


def _load_settings() -> ModuleType:
    """Import the settings here, so that errors take one line, and workers and the loop need not load them again."""
    name = settings_module(os.environ)
    load_stored_variables()
    settings = import_named(name, named_by=f"DJANGO_SETTINGS_MODULE={name!r}")
    from django_runtimes.adopt.configure import require_call

    require_call(settings, name)
    return settings


def _load_handler(name: str) -> None:
    """Import the handler here, so that an error in its name, or an application unfit for Lambda, takes one line."""
    written_module, _, attribute = name.rpartition(".")
    module_name = written_module.replace("/", ".")
    try:
        module = import_named(module_name, named_by=f"the handler {name!r}")
    except ConfigurationError:
        raise
    except Exception:
        # The loop imports the module again, and reports the error to Lambda.
        return
    found = getattr(module, attribute, None)
    if not callable(found):
        raise ConfigurationError(
            f"the handler {name!r} cannot be used: {module_name} has "
            f"{'no ' + attribute if found is None else 'a non-callable object of that name'}; name a callable"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
