"""The library as it is installed, once: a wheel is built of it."""

import pytest

from django_runtimes.project_files.dependencies.library import Library, installed_library


@pytest.fixture(scope="session")
def library() -> Library:
    return installed_library()
