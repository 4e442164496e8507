"""Runs one comparison: plan, measurement and results."""
