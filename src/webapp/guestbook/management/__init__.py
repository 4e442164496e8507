"""Management commands of the guestbook."""
