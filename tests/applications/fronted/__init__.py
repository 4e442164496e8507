"""A project whose own settings describe the proxy in front of it."""
