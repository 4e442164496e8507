"""A small application that replaces the guestbook, as a team's own application would."""
