"""This project's cache on Redis, and its sessions in the cache."""

import os

from tests.conformance.settings.stock_redis import *  # noqa: F403
from tests.conformance.settings.stock_redis import CACHES

TEST_RUNNER = "tests.conformance.store_runner.RedisRunner"
CACHES["default"]["LOCATION"] = os.environ["CONFORMANCE_REDIS"] + "/2"
