"""Engines whose connections are each a tenant's, in the manner of django-tenants."""
