"""This project's ASGI handler, on SQLite in memory."""

from tests.conformance.settings.stock import *  # noqa: F403

TEST_RUNNER = "tests.conformance.asgi_runner.AsgiRunner"
