"""A project whose own settings describe its front."""
