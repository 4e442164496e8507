"""A small site with pages for members who have logged in."""
