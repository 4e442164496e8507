"""Measures `webapp compare` itself: its verdicts, its load generator, and how long its commands take."""
