"""A small application that takes the guestbook's place, as a team's own would."""
