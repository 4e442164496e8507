"""One check of the preflight in each module."""
