"""This project's engine with a tenant on the wrapper."""

from django_runtimes.databases.postgresql.base import DatabaseWrapper as Engine
from tests.integration.serving.tenant_engine.on_wrapper import TenantMixin


class DatabaseWrapper(TenantMixin, Engine):
    """A database connection that belongs to a tenant."""
