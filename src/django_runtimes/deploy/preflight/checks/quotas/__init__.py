"""Quotas of the account that a stage can reach."""
