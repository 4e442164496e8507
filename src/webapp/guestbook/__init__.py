"""The sample application: a guestbook, which a team replaces by its own applications."""
