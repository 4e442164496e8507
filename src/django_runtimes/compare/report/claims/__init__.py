"""The reports of tested claims."""
