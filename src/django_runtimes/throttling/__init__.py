"""Limits how many requests a client sends in a window of time."""
