"""The commands that a stage runs at set times, read from webapp.toml."""
