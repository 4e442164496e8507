"""An engine based on Django's, whose streams must keep their threads."""
