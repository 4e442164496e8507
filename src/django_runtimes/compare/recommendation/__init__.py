"""Judges the targets of a run by the user's limits, and says when to decide again."""
