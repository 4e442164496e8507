"""The reference application of all measurements: the project's own settings with a few paths."""
