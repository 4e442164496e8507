"""Upper bounds for the image's size, start time and build time, recorded in reports/image.json."""

import os
import shutil
import statistics
import time
from pathlib import Path

import pytest

from tests.image.compiled import loaded_from_source
from tests.image.containers import container_environ, run_container
from tests.image.podman import BASE_IMAGE, CHECKOUT, UNCOMPILED_BASE_IMAGE, build, build_steps, podman
from tests.image.report import record_figure

_MIB = 2**20
_STARTS = 7
_REBUILDS = 2
# Middleware serves this page, so a start loads all of Django but needs no database.
_PAGE = "/static/guestbook/guestbook.css"

# The files that .dockerignore includes in the build context.
_CONTEXT = ("Dockerfile", ".dockerignore", "README.md", "pyproject.toml", "requirements", "src")

# An image with only the compiled packages of the lock file.
_PACKAGES = """
FROM localhost/python-base:trixie
RUN python -m venv /opt/pip
COPY serving.txt /
RUN /opt/pip/bin/pip install --no-cache-dir --no-compile --no-deps --only-binary :all: --require-hashes \\
        --target /packages -r /serving.txt \\
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /packages
"""
# The size of an image is the size of its layers' archives, so measure an archive.
_COUNT_PACKAGE_BYTES = "tar -cf - /packages | wc -c"


@pytest.fixture(scope="module")
def packages_bytes(image: str, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Return the size of the lock file's packages, installed in a separate image."""
    context = tmp_path_factory.mktemp("packages")
    (context / "Dockerfile").write_text(_PACKAGES)
    shutil.copy2(CHECKOUT / "requirements" / "serving.txt", context)
    packages = build(context=context)
    return int(podman("run", "--rm", "--network=none", "--entrypoint=/bin/sh", packages, "-c", _COUNT_PACKAGE_BYTES))


@pytest.fixture(scope="module")
def uncompiled_image(image: str) -> str:
    """Build the image on a base without compiled files, with the layers that an earlier run left."""
    return build(base_image=UNCOMPILED_BASE_IMAGE)


@pytest.fixture
def changed_source(tmp_path: Path) -> Path:
    """Return a copy of the build context with a change of the application's source."""
    for name in _CONTEXT:
        source, copy = CHECKOUT / name, tmp_path / name
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy2(source, copy)
    _change(tmp_path)
    return tmp_path


def test_the_size_is_close_to_base_plus_packages(image, packages_bytes):
    base_bytes = _size_bytes(BASE_IMAGE)

    record_figure("base image", base_bytes / _MIB, unit="MiB")
    record_figure("the lock's packages", packages_bytes / _MIB, unit="MiB")
    bar = 1.05 * (base_bytes + packages_bytes) / _MIB
    assert record_figure("uncompressed size", _size_bytes(image) / _MIB, unit="MiB", bar=bar)


def test_the_size_bound_also_holds_on_a_base_without_compiled_files(uncompiled_image, packages_bytes):
    base_bytes = _size_bytes(UNCOMPILED_BASE_IMAGE)

    record_figure("base image without compiled files", base_bytes / _MIB, unit="MiB")
    bar = 1.05 * (base_bytes + packages_bytes) / _MIB
    name = "uncompressed size on a base without compiled files"
    assert record_figure(name, _size_bytes(uncompiled_image) / _MIB, unit="MiB", bar=bar)
    # The smaller image must not lack a compiled file that a start needs.
    assert not loaded_from_source(uncompiled_image)


@pytest.mark.quiet
def test_it_starts_almost_as_fast_as_bare_uvicorn_with_django(image, log):
    """Start the image and plain uvicorn with Django's own handler alternately, with the same settings."""
    ours, bare = [], []
    for _ in range(_STARTS):
        ours.append(_start_s(image, log))
        bare.append(_start_s(image, log, is_bare=True))
    start_s, bare_s = statistics.median(ours), statistics.median(bare)

    record_figure("bare uvicorn and Django to the first 200", bare_s, unit="s")
    assert record_figure("container start to the first 200", start_s, unit="s", bar=1.5 * bare_s)


@pytest.mark.quiet
def test_a_cold_build_takes_at_most_three_minutes(image):
    record_figure("load before the cold build", os.getloadavg()[0], unit="processes")
    # Keep no layers of this build, because no other build would use them.
    built, build_s = _timed_build("--no-cache", "--layers=false", base_image=UNCOMPILED_BASE_IMAGE)
    podman("rmi", "--force", built)

    assert record_figure("cold build", build_s, unit="s", bar=180.0)


def test_a_rebuild_after_a_source_change_installs_no_package(image, changed_source):
    tag = f"localhost/rebuilt:{time.time_ns()}"
    try:
        steps = build_steps("--tag", tag, context=changed_source)
    finally:
        podman("rmi", "--force", "--ignore", tag)

    installing = [is_cached for line, is_cached in steps if "pip" in line and "serving.txt" in line]
    assert installing
    assert all(installing)
    # The layers that contain the source are built again.
    assert not all(is_cached for _, is_cached in steps)


@pytest.mark.quiet
def test_a_rebuild_takes_seconds(image, changed_source):
    """Take the better of two rebuilds, because other load on the machine may slow one down."""
    record_figure("load before the rebuild", os.getloadavg()[0], unit="processes")

    rebuilds_s = []
    for _ in range(_REBUILDS):
        _change(changed_source)
        rebuilt, rebuild_s = _timed_build(context=changed_source)
        rebuilds_s.append(rebuild_s)
        podman("rmi", "--force", rebuilt)

    assert record_figure("cached rebuild after a source change", min(rebuilds_s), unit="s", bar=20.0)


def _change(context: Path) -> None:
    with (context / "src/webapp/urls.py").open("a") as source:
        source.write(f"# {time.time_ns()}\n")


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


def _timed_build(*options: str, context: Path = CHECKOUT, base_image: str = BASE_IMAGE) -> tuple[str, float]:
    started = time.perf_counter()
    built = build(*options, context=context, base_image=base_image)
    return built, time.perf_counter() - started


def _size_bytes(image: str) -> int:
    return int(podman("image", "inspect", "--format", "{{.Size}}", image))
