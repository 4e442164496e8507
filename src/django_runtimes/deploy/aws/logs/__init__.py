"""Reads and limits the log groups of a stage."""
