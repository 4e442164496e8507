"""Workload files: the application under comparison and the requests that it gets."""
