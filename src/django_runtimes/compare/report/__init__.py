"""Renders a run as tables in the terminal, as Markdown and as an HTML page."""
