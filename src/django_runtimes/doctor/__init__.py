"""Examines how the application is configured and what it finds there: `webapp doctor`."""
