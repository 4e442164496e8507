"""The measurements: servers under load, handlers in batches, cold starts and open streams."""
