"""Reads the installed library once per session, since that builds a wheel."""

import pytest

from django_runtimes.project_files.dependencies.library import Library, installed_library


@pytest.fixture(scope="session")
def library() -> Library:
    return installed_library()
