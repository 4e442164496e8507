"""Middleware chains: how they are built, and how requests wait for them."""
