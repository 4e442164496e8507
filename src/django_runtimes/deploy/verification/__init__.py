"""Verifies assumptions about AWS on the user's account, at no cost and without changing anything."""
