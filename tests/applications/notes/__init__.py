"""A small application in place of the guestbook, like a team's own."""
