"""Starts the image's entry point as a function and as a server, and lists the modules that each start imports."""

import http.client
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django_runtimes.config.variables import MODULE_BUNDLE_NAME

_ENTRY_POINT = ("-m", "django_runtimes.entrypoints.launch")
# With this variable Python writes one line for each imported module, and many others. PYTHONPROFILEIMPORTTIME would
# omit the modules that importlib.import_module() imports, such as Django's applications.
_VERBOSE_VARIABLE = "PYTHONVERBOSE"
_IMPORTED = re.compile(r"import '([\w.]+)' # <.*>")
_OTHER_VERBOSE = re.compile(r"import |# |[\w.]+ matches |clear |destroy |\s*$")
_READY_S = 120.0
_STOP_S = 60.0
_POLL_S = 0.1

# What a start requires and a build may lack. Nothing connects to this database.
_PLACEHOLDERS = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing",
    "WEBAPP_ALLOWED_HOSTS": "localhost",
    "WEBAPP_DB_ROUTE": "direct",
}
_FUNCTION = {
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_LAMBDA_FUNCTION_NAME": "build",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_LOG_GROUP_NAME": "build",
    "AWS_LAMBDA_LOG_STREAM_NAME": "build",
    "AWS_REGION": "us-east-1",
    "WEBAPP_RUNTIME": "aws_lambda",
}
_SERVER = {"WEBAPP_BIND_HOST": "127.0.0.1", "WEBAPP_DRAIN_S": "0", "WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_WORKERS": "1"}


class StartFailedError(Exception):
    """Why a start ended too early, and the modules that it had imported."""

    def __init__(self, reason: str, modules: list[str]) -> None:
        super().__init__(reason)
        self.modules = modules


def modules_of_function() -> list[str]:
    """Return the modules that a function imports until it requests an invocation; StartFailedError if it does not."""
    with _RuntimeApi() as runtime_api:
        variables = _FUNCTION | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime_api.server_port}"}
        return _modules("the function", variables, runtime_api.is_asked.is_set)


def modules_of_server() -> list[str]:
    """Return the modules that a server imports until it answers a request; StartFailedError if it does not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return _modules("the server", _SERVER | {"PORT": str(port)}, lambda: _is_serving(port))


def _modules(what: str, variables: Mapping[str, str], is_ready: Callable[[], bool]) -> list[str]:
    environ = {
        **_PLACEHOLDERS,
        "WEBAPP_SECRET_KEY": secrets.token_urlsafe(50),
        **{name: value for name, value in os.environ.items() if name != MODULE_BUNDLE_NAME},
        **variables,
        _VERBOSE_VARIABLE: "1",
    }
    with tempfile.TemporaryFile() as output:
        with _running(environ, output.fileno()) as process:
            ends_at = time.monotonic() + _READY_S
            while not (ready := is_ready()) and process.poll() is None and time.monotonic() < ends_at:
                time.sleep(_POLL_S)
            exit_code = process.poll()
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    imported = [match[1] for line in lines if (match := _IMPORTED.fullmatch(line))]
    # Two processes may import the same module.
    modules = list(dict.fromkeys(imported))
    if not ready:
        rest = [line for line in lines if not _OTHER_VERBOSE.match(line)]
        state = f"was not ready within {_READY_S:g} s" if exit_code is None else f"ended with exit code {exit_code}"
        raise StartFailedError(f"{what} {state}: {rest[-1] if rest else 'it wrote nothing'}", modules)
    return modules


@contextmanager
def _running(environ: Mapping[str, str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *_ENTRY_POINT], env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_serving(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_STOP_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


class _RuntimeApi(ThreadingHTTPServer):
    """Lambda's Runtime API, which registers extensions and has no invocation."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RuntimeApiHandler)
        self.is_asked = threading.Event()
        self.is_closed = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_close(self) -> None:
        self.shutdown()
        self.is_closed.set()
        super().server_close()


class _RuntimeApiHandler(BaseHTTPRequestHandler):
    server: _RuntimeApi

    def do_GET(self) -> None:
        if self.path.endswith("/runtime/invocation/next"):
            self.server.is_asked.set()
        # An extension, too, waits for its next event until the process ends.
        self.server.is_closed.wait()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(http.client.OK)
        self.send_header("Lambda-Extension-Identifier", "build")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Write nothing."""
