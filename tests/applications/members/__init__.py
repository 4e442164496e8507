"""A small site that shows nothing to those who have not logged in."""
