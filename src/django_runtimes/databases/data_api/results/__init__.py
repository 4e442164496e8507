"""Answers of the Data API as rows of Python values."""
