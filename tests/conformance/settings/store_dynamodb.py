"""This project's cache on DynamoDB in place of Django's in memory, and its sessions in the cache."""

from tests.conformance.settings.stock import *  # noqa: F403

TEST_RUNNER = "tests.conformance.store_runner.DynamoDBRunner"
