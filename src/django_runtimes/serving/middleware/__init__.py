"""Rules for a project's own middleware."""
