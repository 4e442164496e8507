"""Writes the Dockerfile of a project."""
