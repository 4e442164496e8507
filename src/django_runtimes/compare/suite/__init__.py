"""The project's own test suite, run under each profile."""
