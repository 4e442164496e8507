"""A project that composes Django with Channels and FastAPI."""
