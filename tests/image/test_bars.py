"""The image's size, its start and its build, into reports/image.json beside the most that they may be."""

import shutil
import statistics
import time
from pathlib import Path

from tests.image.containers import container_environ, run_container
from tests.image.podman import BASE_IMAGE, CHECKOUT, build, podman
from tests.image.report import record_figure

_MIB = 2**20
_STARTS = 7
# Answered by middleware: every start has the whole of Django behind it, and none a database.
_PAGE = "/static/guestbook/guestbook.css"
_TAG = "localhost/webapp:bars"

# What .dockerignore lets through.
_CONTEXT = ("Dockerfile", ".dockerignore", "README.md", "pyproject.toml", "requirements", "src")

# In the unit of an image's size, which is that of its layers' archives.
_BYTES_OF_PACKAGES = "tar -cf - /opt/venv | wc -c"


def test_the_size_is_that_of_the_base_and_the_packages(image):
    packages_bytes = int(podman("run", "--rm", "--entrypoint=/bin/sh", image, "-c", _BYTES_OF_PACKAGES))
    base_bytes, image_bytes = (
        int(podman("image", "inspect", "--format", "{{.Size}}", name)) for name in (BASE_IMAGE, image)
    )

    record_figure("base image", base_bytes / _MIB, unit="MiB")
    assert record_figure(
        "uncompressed size", image_bytes / _MIB, unit="MiB", bar=1.05 * (base_bytes + packages_bytes) / _MIB
    )


def test_it_starts_almost_as_fast_as_bare_uvicorn_with_django(image, log):
    """The same settings under Django's own handler and uvicorn alone; the two in turns."""
    ours, bare = [], []
    for _ in range(_STARTS):
        ours.append(_start_s(image, log))
        bare.append(_start_s(image, log, is_bare=True))
    start_s, bare_s = statistics.median(ours), statistics.median(bare)

    record_figure("bare uvicorn and Django to the first 200", bare_s, unit="s")
    assert record_figure("container start to the first 200", start_s, unit="s", bar=1.5 * bare_s)


def test_a_build_takes_minutes_and_a_rebuild_seconds(image, tmp_path):
    for name in _CONTEXT:
        source, copy = CHECKOUT / name, tmp_path / name
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy2(source, copy)

    assert record_figure("cold build", _build_s(tmp_path, "--no-cache"), unit="s", bar=180.0)
    # From the cold build's layers, all but what comes after the source.
    with (tmp_path / "src/webapp/urls.py").open("a") as source:
        source.write(f"# {time.time_ns()}\n")
    assert record_figure("cached rebuild after a source change", _build_s(tmp_path), unit="s", bar=20.0)


def _start_s(image: str, log: Path, *, is_bare: bool = False) -> float:
    environ = container_environ("postgresql://app@127.0.0.1:1/app", "local") | {"WEBAPP_ALLOWED_HOSTS": "127.0.0.1"}
    options, arguments = (), ()
    if is_bare:
        environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
        options = ("--entrypoint=/bin/sh",)
        bare = "exec python -m uvicorn --factory django.core.asgi:get_asgi_application --host 127.0.0.1 --port $PORT"
        arguments = ("-c", bare)
    started = time.perf_counter()
    with run_container(image, environ, log=log, arguments=arguments, options=options) as container:
        container.wait_until_serving(_PAGE)
        return time.perf_counter() - started


def _build_s(context: Path, *options: str) -> float:
    started = time.perf_counter()
    build(_TAG, *options, context=context)
    return time.perf_counter() - started
