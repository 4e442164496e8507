"""Engines whose connections each belong to a tenant, as with django-tenants."""
