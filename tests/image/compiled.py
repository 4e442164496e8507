"""Modules that the image would have to compile at every start."""

from tests.image.containers import container_environ
from tests.image.podman import podman

# Modules that a server, a function or a Django command loads.
_LOADED = (
    *("django_runtimes.entrypoints.launch", "django_runtimes.entrypoints.asgi"),
    *("django_runtimes.entrypoints.aws_lambda", "django_runtimes.entrypoints.lambda_process"),
    "django_runtimes.serving.aws_lambda.runtime_loop.invocation_loop",
    *("gunicorn.app.wsgiapp", "django_runtimes.serving.http.fair_worker", "uvicorn.protocols.http.httptools_impl"),
    *("uvicorn.loops.uvloop", "awslambdaric.__main__", "django_runtimes.doctor.doctor", "storages.backends.s3"),
    *("PIL.JpegImagePlugin", "django.core.management.commands.migrate", "django.core.management.commands.check"),
)
# The last print keeps grep from exiting with 1 when it finds nothing else.
_LOOK = (
    f"python -v -c 'import {', '.join(_LOADED)}; print(\"loaded\")' 2>&1 "
    "| grep '^loaded\\|wrote\\|code object from .*[.]py$'"
)


def loaded_from_source(image: str) -> list[str]:
    """Return Python's verbose output for each module without a compiled file."""
    variables = container_environ("postgresql://app@127.0.0.1:1/app").items()
    options = [f"--env={name}={value}" for name, value in variables]
    *found, end = podman(
        "run", "--rm", "--network=none", *options, "--entrypoint=/bin/sh", image, "-c", _LOOK
    ).splitlines()
    assert end == "loaded", found
    return found
