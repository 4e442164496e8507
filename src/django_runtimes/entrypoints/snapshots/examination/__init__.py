"""Finds what environments would share that are restored from a snapshot of this process."""
