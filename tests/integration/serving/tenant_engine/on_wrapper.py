"""Adds a tenant to a DatabaseWrapper."""


class TenantMixin:
    """Sets the search path for each cursor, from an attribute that outlives the connection."""

    tenant = "public"

    def set_tenant(self, tenant: str) -> None:
        """Set the tenant whose rows later queries see."""
        self.tenant = tenant

    def _cursor(self, name=None):
        cursor = super()._cursor(name)
        with self.connection.cursor() as setting:
            setting.execute(f"SET search_path TO {self.tenant}")
        return cursor
