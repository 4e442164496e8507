"""The user accounts: a custom user model from the first migration on, since Django cannot swap it later."""
