"""Django's engine with Django's pool."""

from tests.conformance.settings.stock_engine import (
    DEFAULT_AUTO_FIELD,
    PASSWORD_HASHERS,
    SECRET_KEY,
    TEST_RUNNER,
    USE_TZ,
    databases,
)

__all__ = ["DATABASES", "DEFAULT_AUTO_FIELD", "PASSWORD_HASHERS", "SECRET_KEY", "TEST_RUNNER", "USE_TZ"]

DATABASES = databases("django.db.backends.postgresql", pool=True)
