"""How it is measured: servers under load, handlers in batches, cold starts, open streams."""
