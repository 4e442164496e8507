"""One image gives the same responses in every place."""
