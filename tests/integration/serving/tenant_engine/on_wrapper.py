"""A tenant on a DatabaseWrapper."""


class TenantMixin:
    """Sets the search path by each cursor, from an attribute that outlives connections."""

    tenant = "public"

    def set_tenant(self, tenant: str) -> None:
        """Choose whose rows are seen from now on."""
        self.tenant = tenant

    def _cursor(self, name=None):
        cursor = super()._cursor(name)
        with self.connection.cursor() as setting:
            setting.execute(f"SET search_path TO {self.tenant}")
        return cursor
