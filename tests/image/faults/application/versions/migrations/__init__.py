"""The changes of each version."""
