"""Logs, prints and fails, for tests of a loop's log."""

import logging

logger = logging.getLogger("talking")


def handler(event, context):
    logger.warning("%s is late", "Ada", extra={"minutes": 5})
    print("printed")  # noqa: T201  (a handler may print)
    raise LookupError(f"no entry {event}")
