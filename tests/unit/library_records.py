"""The records of the library and of Django among those that a test has captured."""

import logging

import pytest


def library_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return these records; what earlier tests have left may log through asyncio or a driver when it is collected."""
    return [record for record in caplog.records if record.name.partition(".")[0] in {"django", "django_runtimes"}]
