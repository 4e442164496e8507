"""A database wrapper that compiles queries without connecting."""

import pytest

from django_runtimes.databases.postgresql.base import DatabaseWrapper


@pytest.fixture(scope="module")
def wrapper() -> DatabaseWrapper:
    return DatabaseWrapper({"OPTIONS": {}, "TIME_ZONE": None, "NAME": "x"}, "compiling")
