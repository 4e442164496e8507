"""This project's engine with its pool."""

from tests.conformance.settings.stock_engine import (
    DEFAULT_AUTO_FIELD,
    PASSWORD_HASHERS,
    SECRET_KEY,
    TEST_RUNNER,
    USE_TZ,
    databases,
)

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "PASSWORD_HASHERS", "SECRET_KEY", "TEST_RUNNER", "USE_TZ"]

DATABASES = databases("webapp.database.postgresql", pool=True)
