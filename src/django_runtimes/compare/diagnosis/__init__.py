"""Explains why a target failed: the error in its log, and its differences from a target that worked."""
