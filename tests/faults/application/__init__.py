"""The project with views that keep the database busy."""
