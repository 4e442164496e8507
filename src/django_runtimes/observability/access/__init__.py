"""The access log: one line for each request, and its ids on every other line."""
