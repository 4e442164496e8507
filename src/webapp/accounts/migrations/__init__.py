"""The schema of the accounts, step by step."""
