"""Containers: one image measured as podman or docker runs it."""
