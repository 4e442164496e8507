"""Django's engine with a tenant on the wrapper."""

from django.db.backends.postgresql.base import DatabaseWrapper as Engine

from tests.integration.serving.tenant_engine.on_wrapper import TenantMixin


class DatabaseWrapper(TenantMixin, Engine):
    """A database connection that belongs to a tenant."""
