"""Transactions without savepoints, and conflicts that are found at COMMIT."""
