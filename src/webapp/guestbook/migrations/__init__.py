"""The schema of the guestbook, step by step."""
