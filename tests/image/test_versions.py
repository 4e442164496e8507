"""The library's tests under the image's Python with the newest Django that pyproject.toml allows."""

import re
from pathlib import Path

import pytest

from tests.image.podman import BASE_IMAGE, CHECKOUT, build, podman

_HERE = Path(__file__).parent / "versions"
# New versions of Django and Python most often affect settings, handlers, middleware and the engine; `make versions`
# runs more tests.
_TESTS_BY_RUNTIME = {
    "aws_lambda": ("tests/unit/adopt", "tests/unit/config", "tests/integration/serving/lambda_handler"),
    # The image has no ODBC driver manager.
    "aws_ecs": (
        "tests/integration/databases",
        "--ignore=tests/integration/databases/drivers",
        "tests/integration/serving/one_hop",
    ),
}
_TIMEOUT_S = 3_600.0


@pytest.fixture(scope="module")
def newest() -> str:
    """Build an image with the checkout and the packages of requirements/newest.txt, and return its ID."""
    options = ("--file", str(_HERE / "Dockerfile"), "--ignorefile", str(_HERE / "context.dockerignore"))
    return build(*options, context=CHECKOUT, base_image=BASE_IMAGE)


def test_the_image_has_the_newest_django_and_the_same_python(newest):
    [django] = re.findall(r"^django==(\S+)", (CHECKOUT / "requirements/newest.txt").read_text(), re.MULTILINE)
    [python] = re.findall(r"library/python:(\S+)-slim", (CHECKOUT / "Dockerfile").read_text())
    versions = "import django, sys; print(django.__version__, '%d.%d' % sys.version_info[:2])"

    assert podman("run", "--rm", "--network", "none", newest, "python", "-c", versions) == f"{django} {python}"


@pytest.mark.parametrize("runtime", _TESTS_BY_RUNTIME)
def test_the_librarys_tests_pass(newest, runtime):
    # The tests' servers listen on the container's loopback, and the container has no other network. Our `podman`
    # reports only stderr, so pytest's output goes there.
    podman(
        *("run", "--rm", "--network", "none", "--env", f"WEBAPP_RUNTIME={runtime}", newest),
        *(
            "sh",
            "-c",
            'python -m pytest -q -p no:cacheprovider "$@" 3>&2 2>/dev/null >&3',
            "pytest",
            *_TESTS_BY_RUNTIME[runtime],
        ),
        timeout_s=_TIMEOUT_S,
    )
