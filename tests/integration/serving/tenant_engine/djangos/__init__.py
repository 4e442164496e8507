"""A tenant engine based on Django's engine, with which streams must keep their threads."""
