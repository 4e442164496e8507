"""A project that answers with every kind of absolute URL."""
