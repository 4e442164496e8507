"""Reads what a project contains: its folders, settings, variables and pages."""
