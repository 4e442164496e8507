"""Names that AWS accepts only once: which ones a template creates, and whether they are free."""
