"""Serves Django's requests; imports no other package of this project."""
