"""The service's own sessions on PostgreSQL."""
