"""Restores execution environments from one initialized process of a function."""
