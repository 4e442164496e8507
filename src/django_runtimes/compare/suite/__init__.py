"""Runs the project's own test suite under each profile."""
