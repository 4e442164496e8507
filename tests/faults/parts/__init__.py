"""The system of a case, and its parts that fail."""
