"""Measuring the figures of a case, judging them and reporting them."""
