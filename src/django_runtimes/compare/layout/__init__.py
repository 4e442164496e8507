"""Formats figures, and lays out tables for all kinds of output."""
