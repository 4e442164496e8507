"""A tenant engine based on this project's engine."""
