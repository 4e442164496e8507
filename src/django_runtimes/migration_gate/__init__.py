"""Judges whether the migrations of a new version would break the version that is still running."""
