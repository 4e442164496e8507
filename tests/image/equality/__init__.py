"""One image in three places gives the same answers."""
