"""Targets that are deployed elsewhere and measured at their URLs."""
