"""What the image would have to compile whenever it starts."""

from tests.image.containers import container_environ
from tests.image.podman import podman

# What a server, a function or a command of Django's loads.
_LOADED = (
    *("django_runtimes.entrypoints.launch", "django_runtimes.entrypoints.asgi"),
    "django_runtimes.entrypoints.aws_lambda",
    *("gunicorn.app.wsgiapp", "django_runtimes.serving.http.fair_worker", "uvicorn.protocols.http.httptools_impl"),
    *("uvicorn.loops.uvloop", "awslambdaric.__main__", "django_runtimes.doctor.doctor", "storages.backends.s3"),
    *("PIL.JpegImagePlugin", "django.core.management.commands.migrate", "django.core.management.commands.check"),
)
# grep's exit code is 1 for nothing.
_LOOK = (
    f"python -v -c 'import {', '.join(_LOADED)}; print(\"loaded\")' 2>&1 "
    "| grep '^loaded\\|wrote\\|code object from .*[.]py$'"
)


def loaded_from_source(image: str) -> list[str]:
    """Python's own words on each module that has no compiled file."""
    variables = container_environ("postgresql://app@127.0.0.1:1/app").items()
    options = [f"--env={name}={value}" for name, value in variables]
    *found, end = podman(
        "run", "--rm", "--network=none", *options, "--entrypoint=/bin/sh", image, "-c", _LOOK
    ).splitlines()
    assert end == "loaded", found
    return found
