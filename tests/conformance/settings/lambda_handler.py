"""This project's Lambda handler, on SQLite in memory."""

from tests.conformance.settings.stock import *  # noqa: F403

TEST_RUNNER = "tests.conformance.lambda_runner.LambdaRunner"
