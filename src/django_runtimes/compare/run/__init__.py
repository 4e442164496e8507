"""Runs one comparison: plan, measurement and the folder of its results."""
