"""Changes to a table that is in use, one for each version that is deployed."""
