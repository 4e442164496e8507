"""The reference application's tables."""
