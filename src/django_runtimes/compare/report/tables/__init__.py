"""Builds the tables of a report from the figures of a run."""
