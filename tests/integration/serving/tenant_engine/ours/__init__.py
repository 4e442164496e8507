"""Based on this project's engine."""
