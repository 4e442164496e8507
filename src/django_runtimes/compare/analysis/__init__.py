"""Turns saved measurements into ratios, intervals and verdicts, without measuring anything."""
