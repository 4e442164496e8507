"""The project with views that hold the database up."""
