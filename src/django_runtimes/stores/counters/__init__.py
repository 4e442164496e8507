"""Counters of rate limits in a store: each counts one more in one atomic operation."""
