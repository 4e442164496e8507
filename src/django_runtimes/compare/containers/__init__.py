"""Runs and measures an image with podman or docker."""
