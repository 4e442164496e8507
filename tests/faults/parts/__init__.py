"""The system of a case, and the parts of it that fail."""
