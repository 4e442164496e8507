"""A view that streams rows from a server-side cursor."""
