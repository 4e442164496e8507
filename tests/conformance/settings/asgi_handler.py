"""This project's ASGI handler, on SQLite in memory."""

from tests.conformance.settings.stock import DATABASES, DEFAULT_AUTO_FIELD, PASSWORD_HASHERS, SECRET_KEY, USE_TZ

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "PASSWORD_HASHERS", "SECRET_KEY", "TEST_RUNNER", "USE_TZ"]

TEST_RUNNER = "tests.conformance.asgi_runner.AsgiRunner"
