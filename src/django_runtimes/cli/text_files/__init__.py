"""Reads and extends text files: their encoding, and TOML."""
