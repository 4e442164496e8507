"""Reads a project's folders, settings, variables and pages."""
