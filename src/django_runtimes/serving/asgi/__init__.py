"""Serves ASGI requests with Django."""
