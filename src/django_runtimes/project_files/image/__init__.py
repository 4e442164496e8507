"""The Dockerfile of a project."""
