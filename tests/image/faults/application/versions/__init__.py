"""One change to a table in use for each deployed version."""
