"""Converts the settings of Zappa, from which many projects on Lambda come, to webapp.toml."""
