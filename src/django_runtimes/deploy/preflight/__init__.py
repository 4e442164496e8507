"""Asks AWS, before anything is created, what would fail in the middle of a deploy."""
