"""What this library has to know of a project's middleware."""
