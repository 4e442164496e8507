"""The Lambda handlers for HTTP requests and for management commands."""
