"""Analyses saved runs again, and compares runs of different times, without measuring."""
