"""One image gives the same responses in three places."""
