"""The sample application: a guestbook, which a team replaces with its own applications."""
