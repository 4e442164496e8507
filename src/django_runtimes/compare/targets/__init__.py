"""Targets: the alternatives under comparison, each answering HTTP on this machine."""
