"""Who may sign in: a user model of our own from the first migration, since Django cannot swap it later."""
