"""A run as a table in the terminal, as Markdown and as a page of its own."""
