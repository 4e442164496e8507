"""Exact intervals of shares and percentiles."""
