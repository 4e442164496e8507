"""The project with views that reveal requests or use up time and memory, mounted into the tested containers."""
