"""The quantities that a bill depends on: the application's usage and its traffic."""
